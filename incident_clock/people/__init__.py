"""Who is who: units, persons, what they may do, how they are reached and how they sign in. Knows no incident."""
