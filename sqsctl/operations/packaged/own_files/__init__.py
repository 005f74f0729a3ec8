"""Where a project's own files say what a package holds: serverless.yml, template, .tf, CDK code."""
