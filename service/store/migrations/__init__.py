"""The history of the schema, brought to its head by `Store.migrate`."""
