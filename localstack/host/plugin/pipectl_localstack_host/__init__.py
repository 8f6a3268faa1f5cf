"""What LocalStack 4.14 needs to run pipelines on a machine without Docker and Java."""
