"""Writes the files of `other-programs` and `broken`, each by the program that people have.

    python3 -m venv v && v/bin/pip install pandas pyarrow polars openpyxl xlsxwriter odfpy fastparquet duckdb
    v/bin/python make.py

What each is to be read as is in `outcomes.toml`. Made with pandas 3.1.1, pyarrow 26.0.1, polars 2.1.0,
openpyxl 3.1.5, xlsxwriter 3.3.1, odfpy 1.4.1, fastparquet 2026.9.0, duckdb 2.0.1.
"""

import csv
import datetime as dt
import decimal
import gzip
import json
import os
import pickle
import shutil
import sqlite3
import zipfile

import duckdb
import numpy as np
import openpyxl
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.feather
import pyarrow.orc
import pyarrow.parquet as pq
import xlsxwriter

HERE = os.path.dirname(os.path.abspath(__file__))
OTHER = os.path.join(HERE, "other-programs")
BROKEN = os.path.join(HERE, "broken")
for folder in (OTHER, BROKEN):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)


def other(name):
    return os.path.join(OTHER, name)


def broken(name, content):
    with open(os.path.join(BROKEN, name), "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())


NAMES = ["Ärger", "Öl; Wasser", 'Zoll 5"', None, "a, b\nc", "straße"]
frame = pd.DataFrame(
    {
        "id": [1, 2, 3, 4, 5, 6],
        "x": [0.5, 1.25, None, -3.0, 1e-7, 12345.678],
        "name": NAMES,
        "day": pd.to_datetime(["2026-01-31", "2024-02-29", "1969-12-31", None, "2000-01-01", "2026-12-01"]),
        "ok": [True, False, True, True, False, False],
    }
)
plain = frame.drop(columns=["day"])

# pandas: texts
frame.to_csv(other("pandas-index.csv"))
frame.to_csv(other("pandas.csv"), index=False)
frame.to_csv(other("pandas-semicolon-comma.csv"), index=False, sep=";", decimal=",")
frame.to_csv(other("pandas.tsv"), index=False, sep="\t")
frame.to_csv(other("pandas-tabs.txt"), index=False, sep="\t", encoding="utf-16")
frame.to_csv(other("pandas-cp1252.csv"), index=False, encoding="cp1252")
frame.to_csv(other("pandas-bom.csv"), index=False, encoding="utf-8-sig")
frame.to_csv(other("pandas-no-header.csv"), index=False, header=False)
frame.to_csv(other("pandas-all-quoted.csv"), index=False, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
frame.to_csv(other("pandas-na.csv"), index=False, na_rep="NA")
frame.to_csv(other("pandas.csv.gz"), index=False)
frame.to_csv(other("pandas.csv.zip"), index=False)
frame.to_json(other("pandas-records.json"), orient="records")
frame.to_json(other("pandas-lines.jsonl"), orient="records", lines=True)
frame.to_json(other("pandas-lines.jsonl.gz"), orient="records", lines=True)
frame.to_json(other("pandas-iso.json"), orient="records", date_format="iso", indent=2)
frame.to_json(other("pandas-columns.json"))
frame.to_json(other("pandas-split.json"), orient="split")
frame.to_json(other("pandas-index.json"), orient="index")
frame.to_json(other("pandas-table.json"), orient="table")
plain.to_json(other("pandas-values.json"), orient="values")
with open(other("python-nan.jsonl"), "w") as file:
    for row in plain.to_dict("records"):
        file.write(json.dumps(row) + "\n")
with open(other("python-indented.json"), "w") as file:
    json.dump({"data": [{"a": 1}, {"a": 2}]}, file, indent=1)

# Parquet, by four programs
frame.to_parquet(other("pandas.parquet"))
frame[frame.id > 2].to_parquet(other("pandas-filtered.parquet"))
nanoseconds = frame.assign(day=frame.day.astype("datetime64[ns]"))
nanoseconds.to_parquet(other("fastparquet.parquet"), engine="fastparquet", times="int96")
pl.from_pandas(frame).write_parquet(other("polars.parquet"))
duckdb.sql("select * from frame").write_parquet(other("duckdb.parquet"))
types = pa.table(
    {
        "u8": pa.array([1, 255, None], pa.uint8()),
        "u64": pa.array([1, 2**64 - 1, None], pa.uint64()),
        "i64": pa.array([2**60 + 1, -(2**63), None], pa.int64()),
        "f16": pa.array(np.array([0.5, 1, 2], np.float16)),
        "f32": pa.array([0.1, -1.5, None], pa.float32()),
        "dec": pa.array([decimal.Decimal("1.10"), decimal.Decimal("-99.95"), None], pa.decimal128(9, 2)),
        "date": pa.array([dt.date(2000, 3, 1), dt.date(1969, 12, 31), None]),
        "ms": pa.array([1500, -1, None], pa.timestamp("ms")),
        "us": pa.array([1500, -1, None], pa.timestamp("us", tz="UTC")),
        "ns": pa.array([1_500_000_000, -1, None], pa.timestamp("ns")),
        "time": pa.array([dt.time(1, 0, 1), dt.time(0), None], pa.time64("us")),
        "cat": pa.array(["b", "a", None]).dictionary_encode(),
        "large": pa.array(["ä", "", None], pa.large_string()),
        "none": pa.nulls(3),
        "flag": pa.array([True, False, None]),
    }
)
pq.write_table(types, other("types.parquet"), compression="zstd")
pq.write_table(types, other("types-groups.parquet"), row_group_size=1, use_dictionary=False, data_page_version="2.0")
nested = pa.table(
    {
        "a": [1, 2],
        "p": pa.array([{"x": 1.5, "y": {"z": "u"}}, None]),
    }
)
pq.write_table(nested, other("struct.parquet"))
lists = pa.table({"a": [1, 2], "tags": [["u"], ["v", "w"]]})
pq.write_table(lists, other("list.parquet"))
pq.write_table(pa.table({"a": [1], "m": pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64()))}), other("map.parquet"))
pq.write_table(pa.table({"a": [1]}), other("brotli.parquet"), compression="brotli")
pq.write_table(pa.table({"a": pa.array([], pa.int64())}), other("no-rows.parquet"))
pq.write_table(pa.table({"b": pa.array([b"\xff\x00"], pa.binary())}), other("binary.parquet"))
with gzip.open(other("pandas.parquet.gz"), "wb") as file:
    file.write(open(other("pandas.parquet"), "rb").read())

# Arrow
arrow_types = types.drop_columns(["f16"]).append_column("f16", types["f16"])
pa.feather.write_feather(arrow_types, other("types.feather"))
pa.feather.write_feather(arrow_types, other("types-zstd.arrow"), compression="zstd")
pa.feather.write_feather(pa.table({"a": [1]}), other("feather-1.feather"), version=1)
pl.from_pandas(frame).write_ipc(other("polars.arrow"))
pl.from_pandas(frame).write_ipc_stream(other("polars-stream.arrows"))
with pa.ipc.new_stream(other("struct.arrows"), nested.schema) as writer:
    writer.write_table(nested)
    writer.write_table(nested)
with pa.ipc.new_file(other("list.arrow"), lists.schema) as writer:
    writer.write_table(lists)

# Texts
with pa.CompressedOutputStream(other("pandas.csv.zst"), "zstd") as file:
    file.write(open(other("pandas.csv"), "rb").read())
pl.from_pandas(plain).write_csv(other("polars.csv"))
pl.from_pandas(plain).write_ndjson(other("polars.ndjson"))
duckdb.sql("copy (select * from frame) to '%s' (header, delimiter '|')" % other("duckdb-bars.csv"))
duckdb.sql("copy (select * from plain) to '%s' (array true)" % other("duckdb.json"))

# Workbooks
sheet_frame = frame.drop(columns=["name"]).assign(name=["Ärger", "Öl", "Zoll", None, "b", "straße"])
sheet_frame.to_excel(other("pandas-openpyxl.xlsx"), index=False)
sheet_frame.to_excel(other("pandas-xlsxwriter.xlsx"), engine="xlsxwriter", sheet_name="Werte")
sheet_frame.to_excel(other("pandas.ods"), engine="odf", index=False)
book = openpyxl.Workbook()
book.active.title = "Notizen"
sheet = book.create_sheet("Daten")
sheet["B2"] = "Bericht 2026"
for row in [["größe", "klasse", "wert"], [1.5, "a", 3], [2.5, "b", "=1/0"], [3, "a", 4]]:
    sheet.append([None] + row)
other_sheet = book.create_sheet("Mehr")
other_sheet.append(["u", "v"])
other_sheet.append([1, 2])
book.save(other("titles-second-sheet.xlsx"))
book = xlsxwriter.Workbook(other("mixed.xlsx"))
sheet = book.add_worksheet()
for at, row in enumerate([["id", "mixed", "time", "flag"], ["007", 1, 0.25, True], ["008", "n/a", 0.5, False]]):
    for column, value in enumerate(row):
        if column == 2 and at > 0:
            sheet.write_number(at, column, value, book.add_format({"num_format": "hh:mm"}))
        else:
            sheet.write(at, column, value)
sheet.write_formula(3, 1, "=NA()", None, "#N/A")
sheet.write_string(3, 0, "009")
book.close()
xlsxwriter.Workbook(other("no-cells.xlsx")).close()

# Archives
with zipfile.ZipFile(other("two-files.zip"), "w") as archive:
    archive.writestr("b.csv", "a,b\n1,2\n")
    archive.writestr("c.csv", "a,b\n3,4\n")
with zipfile.ZipFile(other("mac.zip"), "w", zipfile.ZIP_DEFLATED) as archive:
    archive.writestr("data/table.tsv", "a\tb\n1\t2\n3\t4\n")
    archive.writestr("__MACOSX/data/._table.tsv", b"\0\x05\x16\x07")
    archive.writestr("data/.DS_Store", b"\0")
with zipfile.ZipFile(other("gzip-in-zip.zip"), "w") as archive:
    archive.writestr("t.csv.gz", gzip.compress(b"a,b\n1,2\n", mtime=0))
np.savez(other("arrays.npz"), a=np.arange(3))
with zipfile.ZipFile(other("letter.docx"), "w") as archive:
    archive.writestr("word/document.xml", "<w/>")
with zipfile.ZipFile(other("bzip2.zip"), "w", zipfile.ZIP_BZIP2) as archive:
    archive.writestr("a.csv", "a,b\n1,2\n")

# SQLite's, R's and MySQL's ways
base = sqlite3.connect(other("base.sqlite"))
base.execute("create table t (a, b)")
base.execute("insert into t values (1, 'x')")
base.commit()
base.close()
open(other("r-write-table.txt"), "w").write('"a" "b"\n"1" 1.5 "x"\n"2" 2.5 "y"\n')
open(other("r-write-csv.csv"), "w").write('"","a","b"\n"1",1.5,"x"\n"2",2.5,"y"\n"3",NA,"z"\n')
open(other("r-row-names.tsv"), "w").write("mpg\tcyl\nMazda RX4\t21\t6\nDatsun 710\t22.8\t4\n")
open(other("mysql-batch.tsv"), "w").write("id\tnote\n1\tNULL\n2\tsay \"hi\"\n3\t5\" nail\n")
open(other("sql-server.csv"), "w", encoding="utf-16").write("[id],[name]\r\n1,Ärger\r\n2,Öl\r\n")

# Broken and other things
pickle.dump([1], open(os.path.join(BROKEN, "list.pkl"), "wb"))
np.save(os.path.join(BROKEN, "array.npy"), np.arange(3))
whole = open(other("pandas.parquet"), "rb").read()
broken("cut.parquet", whole[: len(whole) // 2])
broken("flipped.parquet", whole[:60] + b"\xff" * 40 + whole[100:])
broken("cut.feather", open(other("types.feather"), "rb").read()[:700])
xlsx = open(other("pandas-openpyxl.xlsx"), "rb").read()
broken("cut.xlsx", xlsx[: len(xlsx) // 2])
packed = open(other("pandas.csv.gz"), "rb").read()
broken("cut.csv.gz", packed[:-20])
broken("flipped.csv.gz", packed[:60] + bytes([packed[60] ^ 255]) + packed[61:])
broken("cut.csv.zst", open(other("pandas.csv.zst"), "rb").read()[:-12])
broken("cut.zip", open(other("mac.zip"), "rb").read()[:100])
broken("empty.csv", b"")
broken("blanks.csv", b"\n \n\n")
broken("page.csv", "<!DOCTYPE html>\n<html><body>Not found</body></html>\n")
broken("table.xls", "<html><table><tr><td>1</td></tr></table></html>")
broken("pointer.csv", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n")
broken("utf-32.csv", "a,b\n1,2\n".encode("utf-32"))
broken("weka.arff", "% iris\n@relation iris\n@attribute a numeric\n@data\n1\n")
broken("open-quote.csv", 'a,b\n1,"x\n2,y\n3,z\n')
broken("quote-closed-late.csv", 'a,b\n1,"x\n2,y\n3,"z"\n')
broken("short-row.csv", "a,b,c\n1,2,3\n4,5\n6,7,8\n")
broken("long-row.csv", "a,b,c\n1,2,3\n\n4,5,6,7\n")
broken("decimal-comma-in-commas.csv", "a,b\n1,5,2\n3,4\n")
broken("damaged-utf-8.csv", ("ä,1\n" * 40).encode() + b"\xe4,2\n")
broken("damaged-cr.csv", ("ä,1\r" * 40).encode() + b"\xe4,2\r")
broken("cut.json", '[{"a":1},\n{"a":2},\n{"a":')
broken("single-quotes.jsonl", "{'a': 1}\n{'a': 2}\n")
broken("comma-behind.jsonl", '{"a":1},\n{"a":2},\n')
broken("twice.jsonl", '{"a":1}\n{"a":1,"a":2}\n')
broken("scalars.json", "[1, 2, 3]")
broken("mixed.jsonl", '{"a":1}\n[2]\n')
broken("deep.json", '{"a":' + "[" * 200 + "]" * 200 + "}")
