"""The pipeline: snapshot, backtest, choose, fit, publish. It works over ports and knows no SQL, HTTP or queue."""
