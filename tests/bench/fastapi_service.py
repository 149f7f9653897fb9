# SPDX-License-Identifier: MIT
"""The yardstick for /api/devices: the same route the way the replaced services had it, FastAPI over SQLAlchemy.

DATABASE names the SQLite file."""
import os

from fastapi import FastAPI
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

engine = create_engine(f"sqlite:///{os.environ['DATABASE']}")
app = FastAPI()

QUERY = text(
    "SELECT d.*, (SELECT count(*) FROM entities e WHERE e.device_id = d.device_id) AS entity_count "
    "FROM devices d ORDER BY d.device_id LIMIT :limit"
)


@app.get("/api/devices")
def devices(limit: int = 100):
    with Session(engine) as session:
        rows = session.execute(QUERY, {"limit": limit}).mappings().all()
    return {"devices": [dict(row) for row in rows], "count": len(rows), "limit": limit}
