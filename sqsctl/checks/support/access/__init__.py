"""Who may do what: policies as IAM reads them, denials, and what lifts them."""
