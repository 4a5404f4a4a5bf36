"""The verbs and options that set a clone or a shell up."""
