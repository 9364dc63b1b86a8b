"""Plug-ins: what is found by its name, and what programs and packages add to it.

A program adds with a function, such as :func:`nas.samplers.register_sampler`. A package that is
installed names its module, which calls that function, in an entry point: its group says what kind
of thing is registered, and its name is that of the thing. So names are known without an import, and
a module is imported when its name is asked for.

``search_spaces`` and ``nas`` stand on this package, which knows neither.
"""
