"""Ways of telling a person something: one file each, all behind `base.Channel`. Knows no incident and no database."""
