"""The store: the only SQL. Tables, migrations, one repository per aggregate, and the unit of work that commits."""
