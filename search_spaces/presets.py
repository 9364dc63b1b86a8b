"""The hybrid spaces of the toolkit."""

from search_spaces.costs import params
from search_spaces.hybrid import StageChoices, StemChoices, hybrid_space
from search_spaces.space import SearchSpace


def lens_nano() -> SearchSpace:
    """Make the space of small networks for lenses, with symmetries and resolution as genes.

    A laptop's core trains one in minutes. The networks have about 0.003 to 0.12 million parameters
    with the symmetries of the square, and about eight times as many without.
    """
    symmetric = {
        "symmetric_mbconv": "lens_nano/symmetry=d4/stem:width=32,kernel=3,stride=2"
        "/attention:head_dim=16"
        "/stage1:stride=2,op=mbconv,depth=1,width=48,kernel=3,expansion=4,se=0.25"
        "/stage2:op=mbconv,depth=1,width=64,kernel=3,expansion=4,se=0.25"
        "/stage3:stride=2,op=mbconv,depth=1,width=96,kernel=3,expansion=4,se=0.25"
        "/stage4:stride=2,op=mbconv,depth=1,width=128,kernel=3,expansion=4,se=0.25",
        "symmetric_tiny": "lens_nano/symmetry=d4/stem:width=16,kernel=3,stride=2"
        "/attention:head_dim=16"
        "/stage1:stride=2,op=mbconv,depth=1,width=24,kernel=3,expansion=4,se=0.25"
        "/stage2:op=mbconv,depth=1,width=32,kernel=3,expansion=4,se=0.25"
        "/stage3:stride=2,op=mbconv,depth=1,width=48,kernel=3,expansion=4,se=0.25"
        "/stage4:stride=2,op=mbconv,depth=1,width=64,kernel=3,expansion=4,se=0.25",
        # Fused blocks have fewer wide maps, whose memory takes most of a step's time on a CPU.
        "symmetric_fused": "lens_nano/symmetry=d4/stem:width=32,kernel=3,stride=2"
        "/attention:head_dim=16"
        "/stage1:stride=2,op=fused,depth=1,width=48,kernel=3,expansion=2,se=0.25"
        "/stage2:op=fused,depth=1,width=64,kernel=3,expansion=2,se=0.25"
        "/stage3:stride=2,op=mbconv,depth=1,width=96,kernel=3,expansion=4,se=0.25"
        "/stage4:stride=2,op=mbconv,depth=1,width=128,kernel=3,expansion=4,se=0.25",
        # Where the first stage keeps the map as it is, all that is smaller stays to be seen.
        "symmetric_fine": "lens_nano/symmetry=d4/stem:width=32,kernel=3,stride=2"
        "/attention:head_dim=16"
        "/stage1:stride=1,op=mbconv,depth=1,width=48,kernel=3,expansion=4,se=0.25"
        "/stage2:op=mbconv,depth=1,width=64,kernel=3,expansion=4,se=0.25"
        "/stage3:op=mbconv,depth=1,width=96,kernel=3,expansion=4,se=0.25"
        "/stage4:op=mbconv,depth=1,width=128,kernel=3,expansion=4,se=0.25",
        "symmetric_tiny_fine": "lens_nano/symmetry=d4/stem:width=16,kernel=3,stride=2"
        "/attention:head_dim=16"
        "/stage1:stride=1,op=mbconv,depth=1,width=24,kernel=3,expansion=4,se=0.25"
        "/stage2:op=mbconv,depth=1,width=32,kernel=3,expansion=4,se=0.25"
        "/stage3:op=mbconv,depth=1,width=48,kernel=3,expansion=4,se=0.25"
        "/stage4:op=mbconv,depth=1,width=64,kernel=3,expansion=4,se=0.25",
        "symmetric_coatnet": "lens_nano/symmetry=d4/stem:width=32,kernel=3,stride=2"
        "/attention:head_dim=16"
        "/stage1:stride=2,op=mbconv,depth=1,width=48,kernel=3,expansion=4,se=0.25"
        "/stage2:op=mbconv,depth=1,width=64,kernel=3,expansion=4,se=0.25"
        "/stage3:stride=2,op=attention,depth=1,width=96,heads=6,mlp=2,window=0"
        "/stage4:stride=2,op=attention,depth=1,width=128,heads=8,mlp=2,window=0",
    }
    free = {
        f"free_{name}": symmetric[f"symmetric_{name}"].replace("symmetry=d4", "symmetry=none")
        for name in ("mbconv", "coatnet")
    }
    return hybrid_space(
        "lens_nano",
        symmetry=("d4", "none"),
        # A stem that keeps the size of the map gains what a first stage gains that does, and takes
        # 1.6 times its time (results/ablation/wide).
        stem=StemChoices(width=(16, 24, 32), kernel=(3, 5), stride=(2,)),
        head_dim=16,
        # What brought nothing around a symmetric network has one choice: larger kernels of the
        # stages, a second block in the first, and strides of 1 in the last two. So has attention in
        # the second stage, which lost (results/ablation).
        stages=(
            StageChoices(
                op=("mbconv", "fused"),
                stride=(2, 1),
                depth=(1,),
                width=(24, 32, 48),
                kernel=(3,),
                expansion=(2, 4),
            ),
            StageChoices(
                op=("mbconv", "fused"),
                depth=(1, 2),
                width=(32, 48, 64),
                kernel=(3,),
                expansion=(2, 4),
            ),
            StageChoices(
                stride=(2,),
                depth=(1, 2),
                width=(48, 64, 96),
                kernel=(3,),
                expansion=(2, 4),
                heads=(3, 4, 6),
            ),
            StageChoices(
                stride=(2,),
                depth=(1, 2),
                width=(64, 96, 128),
                kernel=(3,),
                expansion=(2, 4),
                heads=(4, 6, 8),
            ),
        ),
        named=symmetric | free,
        size=params,
    )


def lens_small() -> SearchSpace:
    """Make the space of larger networks for lenses, with symmetries and resolution as genes.

    They are for a workstation's GPU. The networks have about 0.02 to 1.2 million parameters with
    the symmetries of the square, and about eight times as many without.
    """
    return hybrid_space(
        "lens_small",
        symmetry=("d4", "none"),
        stem=StemChoices(width=(32, 48, 64), kernel=(3, 5), stride=(2, 1)),
        head_dim=32,
        stages=(
            StageChoices(
                op=("mbconv",),
                stride=(2, 1),
                depth=(1, 2, 3),
                width=(48, 64, 96),
                kernel=(3, 5),
                expansion=(2, 4),
            ),
            StageChoices(
                depth=(1, 2, 3),
                width=(96, 128, 160),
                kernel=(3, 5),
                expansion=(2, 4),
                heads=(3, 4),
                window=(8, 0),
            ),
            StageChoices(
                stride=(2, 1),
                depth=(1, 2, 4),
                width=(128, 192, 256),
                expansion=(2, 4),
                heads=(4, 6, 8),
            ),
            StageChoices(
                stride=(2, 1),
                depth=(1, 2, 3),
                width=(192, 256, 384),
                expansion=(2, 4),
                heads=(6, 8, 12),
            ),
        ),
        named={
            "symmetric_mbconv": "lens_small/symmetry=d4/stem:width=48,kernel=3,stride=2"
            "/attention:head_dim=32"
            "/stage1:stride=2,op=mbconv,depth=2,width=64,kernel=3,expansion=4,se=0.25"
            "/stage2:op=mbconv,depth=2,width=128,kernel=3,expansion=4,se=0.25"
            "/stage3:stride=2,op=mbconv,depth=4,width=192,kernel=3,expansion=4,se=0.25"
            "/stage4:stride=2,op=mbconv,depth=2,width=256,kernel=3,expansion=4,se=0.25",
            "symmetric_coatnet": "lens_small/symmetry=d4/stem:width=48,kernel=3,stride=2"
            "/attention:head_dim=32"
            "/stage1:stride=2,op=mbconv,depth=2,width=64,kernel=3,expansion=4,se=0.25"
            "/stage2:op=mbconv,depth=2,width=128,kernel=3,expansion=4,se=0.25"
            "/stage3:stride=2,op=attention,depth=4,width=192,heads=6,mlp=4,window=0"
            "/stage4:stride=2,op=attention,depth=2,width=256,heads=8,mlp=4,window=0",
        },
        size=params,
    )


def lens_bench() -> SearchSpace:
    """Make the space of the lensing benchmark: 128 networks, of which each gene has two choices.

    It is so small that all of its networks can be trained (``nas.benchmarks.table``). All are
    networks of :func:`lens_nano`.
    """
    return hybrid_space(
        "lens_bench",
        symmetry=("d4", "none"),
        stem=StemChoices(width=(16,), kernel=(3,), stride=(2,)),
        head_dim=16,
        stages=(
            StageChoices(
                op=("mbconv", "fused"),
                stride=(2, 1),
                depth=(1,),
                width=(24,),
                kernel=(3,),
                expansion=(2, 4),
                se=(0.25,),
            ),
            StageChoices(
                op=("mbconv",),
                depth=(1,),
                width=(32, 64),
                kernel=(3,),
                expansion=(4,),
                se=(0.25,),
            ),
            StageChoices(
                stride=(2,),
                depth=(1,),
                width=(64,),
                kernel=(3,),
                expansion=(4,),
                se=(0.25,),
                heads=(4,),
                mlp=(2,),
            ),
            StageChoices(
                stride=(2,),
                depth=(1,),
                width=(96,),
                kernel=(3,),
                expansion=(4,),
                se=(0.25,),
                heads=(6,),
                mlp=(2,),
            ),
        ),
        named={
            "symmetric_fine": "lens_bench/symmetry=d4/stem:width=16,kernel=3,stride=2"
            "/attention:head_dim=16"
            "/stage1:stride=1,op=mbconv,depth=1,width=24,kernel=3,expansion=4,se=0.25"
            "/stage2:op=mbconv,depth=1,width=32,kernel=3,expansion=4,se=0.25"
            "/stage3:op=mbconv,depth=1,width=64,kernel=3,expansion=4,se=0.25"
            "/stage4:op=mbconv,depth=1,width=96,kernel=3,expansion=4,se=0.25"
        },
        size=params,
    )


def hybrid_nano() -> SearchSpace:
    """Make the space of networks that a laptop's CPU trains in minutes.

    The networks have about 0.05 to 1 million parameters.
    """
    return hybrid_space(
        "hybrid_nano",
        stem=StemChoices(width=(8, 16, 24)),
        head_dim=16,
        stages=(
            StageChoices(
                depth=(1, 2), width=(16, 24, 32), heads=(1, 2), kernel=(3, 5, 7), window=(4, 8, 0)
            ),
            StageChoices(
                depth=(1, 2, 3),
                width=(32, 40, 48),
                heads=(2, 3),
                kernel=(3, 5, 7),
                window=(4, 8, 0),
            ),
            StageChoices(depth=(1, 2, 3), width=(64, 80, 96), heads=(4, 5, 6)),
            StageChoices(depth=(1, 2), width=(96, 112, 128), heads=(6, 7, 8)),
        ),
        named={
            "coatnet_like": "hybrid_nano/stem:width=16/attention:head_dim=16"
            "/stage1:op=mbconv,depth=1,width=24,kernel=3,expansion=4,se=0.25"
            "/stage2:op=mbconv,depth=2,width=48,kernel=3,expansion=4,se=0.25"
            "/stage3:op=attention,depth=2,width=96,heads=6,mlp=4,window=0"
            "/stage4:op=attention,depth=1,width=128,heads=8,mlp=4,window=0",
            "pure_mbconv": "hybrid_nano/stem:width=16/attention:head_dim=16"
            "/stage1:op=mbconv,depth=1,width=24,kernel=3,expansion=4,se=0.25"
            "/stage2:op=mbconv,depth=2,width=40,kernel=5,expansion=4,se=0.25"
            "/stage3:op=mbconv,depth=2,width=80,kernel=3,expansion=6,se=0.25"
            "/stage4:op=mbconv,depth=1,width=128,kernel=5,expansion=6,se=0.25",
            "attention_heavy": "hybrid_nano/stem:width=16/attention:head_dim=16"
            "/stage1:op=attention,depth=1,width=24,heads=2,mlp=2,window=8"
            "/stage2:op=attention,depth=2,width=48,heads=3,mlp=2,window=8"
            "/stage3:op=attention,depth=3,width=96,heads=6,mlp=4,window=0"
            "/stage4:op=attention,depth=2,width=128,heads=8,mlp=4,window=0",
        },
        size=params,
    )


def hybrid_small() -> SearchSpace:
    """Make the space of networks for a workstation's GPU.

    The networks have about 0.3 to 15 million parameters.
    """
    return hybrid_space(
        "hybrid_small",
        stem=StemChoices(width=(16, 24, 32)),
        head_dim=32,
        stages=(
            StageChoices(
                depth=(1, 2, 3),
                width=(32, 48, 64),
                heads=(1, 2),
                kernel=(3, 5, 7),
                window=(4, 8, 0),
            ),
            StageChoices(
                depth=(1, 2, 3),
                width=(64, 96, 128),
                heads=(2, 3, 4),
                kernel=(3, 5, 7),
                window=(4, 8, 0),
            ),
            StageChoices(depth=(2, 4, 6), width=(128, 192, 256), heads=(4, 6, 8)),
            StageChoices(depth=(1, 2, 3), width=(256, 320, 384), heads=(8, 10, 12)),
        ),
        named={
            "coatnet_like": "hybrid_small/stem:width=32/attention:head_dim=32"
            "/stage1:op=mbconv,depth=2,width=48,kernel=3,expansion=4,se=0.25"
            "/stage2:op=mbconv,depth=3,width=96,kernel=3,expansion=4,se=0.25"
            "/stage3:op=attention,depth=4,width=192,heads=6,mlp=4,window=0"
            "/stage4:op=attention,depth=2,width=384,heads=12,mlp=4,window=0",
            "pure_mbconv": "hybrid_small/stem:width=32/attention:head_dim=32"
            "/stage1:op=mbconv,depth=2,width=48,kernel=3,expansion=4,se=0.25"
            "/stage2:op=mbconv,depth=2,width=96,kernel=5,expansion=4,se=0.25"
            "/stage3:op=mbconv,depth=4,width=192,kernel=3,expansion=6,se=0.25"
            "/stage4:op=mbconv,depth=2,width=320,kernel=5,expansion=6,se=0.25",
            "attention_heavy": "hybrid_small/stem:width=32/attention:head_dim=32"
            "/stage1:op=attention,depth=1,width=48,heads=2,mlp=2,window=8"
            "/stage2:op=attention,depth=2,width=96,heads=3,mlp=4,window=8"
            "/stage3:op=attention,depth=6,width=192,heads=6,mlp=4,window=0"
            "/stage4:op=attention,depth=3,width=384,heads=12,mlp=4,window=0",
        },
        size=params,
    )
