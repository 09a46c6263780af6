"""An export shows what it would do, writes all or nothing, and has Airflow import what was written."""

from __future__ import annotations

import jsonschema

from support.schemas import part, strict
from support.sent import SHOP, sent


async def test_an_export_is_previewed_written_and_imported_by_airflow(ask, jp_root_dir):
    body = sent(*SHOP, folder="dags")
    code, preview = await ask("preview", body)
    assert code == 200
    jsonschema.validate(preview, strict(part("export_preview")))
    assert preview["target"] == "dags/shop"
    assert {file["change"] for file in preview["files"]} == {"new"}
    assert not (jp_root_dir / "dags").exists()

    code, answer = await ask("export", body)
    assert code == 200, answer
    jsonschema.validate(answer, strict(part("export_answer")))
    _, imported = await ask("import", {"target": answer["target"]})
    jsonschema.validate(imported, strict(part("import_answer")))
    assert imported == {"checked": True, "dag_ids": ["shop"], "errors": []}
    assert (jp_root_dir / "dags" / "shop" / "shop.py").is_file()

    _, preview = await ask("preview", body)
    assert {file["change"] for file in preview["files"]} == {"same"}
    assert preview["diff"] == ""
    _, changed = await ask("preview", sent(*SHOP[:2], SHOP[2].replace("2", "5"), SHOP[3], folder="dags"))
    assert {file["path"] for file in changed["files"] if file["change"] == "changed"} == {"shop.py", "nb2dag.json"}
    assert "+        retries=5," in changed["diff"]


async def test_a_file_edited_by_hand_is_kept_unless_overwriting_is_asked_for(ask, jp_root_dir):
    body = sent(*SHOP, folder="dags")
    await ask("export", body)
    file = jp_root_dir / "dags" / "shop" / "shop.py"
    file.write_text("# mine\n")
    _, preview = await ask("preview", body)
    assert "edited since" in preview["conflict"]
    code, answer = await ask("export", body)
    assert code == 422
    assert "edited since" in answer["message"]
    assert file.read_text() == "# mine\n"
    code, _ = await ask("export", body | {"force": True})
    assert code == 200
    assert file.read_text() != "# mine\n"


async def test_a_notebook_with_errors_is_not_exported(ask, jp_root_dir):
    code, answer = await ask("export", sent("%%airflow_task a\nprint(nothing)", folder="dags"))
    assert code == 422
    assert "errors" in answer["message"]
    assert not (jp_root_dir / "dags").exists()


async def test_what_airflow_objects_to_is_said_with_its_cell(ask, jp_root_dir):
    await ask("export", sent(*SHOP, folder="dags"))
    file = jp_root_dir / "dags" / "shop" / "shop.py"
    file.write_text(file.read_text().replace("retries=2", "retries=no_such_name"))
    _, imported = await ask("import", {"target": "dags/shop"})
    (error,) = imported["errors"]
    assert "no_such_name" in error["message"]
    assert error["cell"] == 3


async def test_only_a_bundle_is_imported(ask):
    code, answer = await ask("import", {"target": "dags"})
    assert code == 422
    assert "no bundle" in answer["message"]
    code, _ = await ask("import", {"target": "../dags"})
    assert code == 403
