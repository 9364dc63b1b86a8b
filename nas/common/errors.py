"""The one exception type for mistakes that a user can make and mend."""

from lens_nas_plugins.mistakes import UserError as UserError
