"""What all functions raise where a user can mend it."""

from nas.common.errors import UserError as UserError
