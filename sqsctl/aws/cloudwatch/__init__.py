"""CloudWatch: metrics, alarms, and logs as pages or as a live tail."""
