"""What users import in their tests: fixtures, base classes and helpers of the guide."""
