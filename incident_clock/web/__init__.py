"""The page: a thin shell over the desk (verbs) and the views (read models). The only place that knows Flask."""
