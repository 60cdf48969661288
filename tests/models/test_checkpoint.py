"""Checkpoints from outside: what opens, what is refused, and what the fingerprint covers."""

import json
import shutil
from pathlib import Path

import pytest

from harness.errors import HarnessError
from harness.models import checkpoint_files as files
from harness.models import families as structure
from harness.models.checkpoint import open_checkpoint
from harness.models.tokenizer import load_tokenizer


def look(path):
    return open_checkpoint(str(path), offline=True)


def refusal(path) -> str:
    with pytest.raises(HarnessError) as caught:
        look(path)
    text = str(caught.value)
    assert "\n" not in text and len(text) < 700
    assert text.startswith(str(path))
    return text


@pytest.fixture
def copy(tiny, tmp_path) -> Path:
    """A copy of the tiny XLM-R, free to be spoilt."""
    return Path(shutil.copytree(tiny, tmp_path / "copy"))


def change(folder: Path, name: str = "config.json", **values) -> None:
    path = folder / name
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def shard(folder: Path, count: int = 2) -> list[Path]:
    """Part the weights into shards with an index, as transformers lays them out."""
    from safetensors.torch import load_file, save_file

    whole = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    weight_map = {}
    for place, name in enumerate(sorted(whole)):
        weight_map[name] = f"model-{place % count + 1:05}-of-{count:05}.safetensors"
    for file in sorted(set(weight_map.values())):
        part = {name: whole[name] for name, where in weight_map.items() if where == file}
        save_file(part, folder / file, metadata={"format": "pt"})
    index = {"metadata": {"total_size": 1}, "weight_map": weight_map}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    return sorted(folder.glob("model-*.safetensors"))


# -- what opens ------------------------------------------------------------------------------------


def test_an_xlm_r_opens(tiny):
    from transformers import AutoModel

    found = look(tiny)
    assert (found.model_type, found.layers, found.name) == ("xlm-roberta", 2, "tiny-xlmr")
    assert found.notes == () and not found.sentence_encoder and found.path == tiny
    model = AutoModel.from_pretrained(tiny, add_pooling_layer=False)
    assert found.parameters == sum(p.numel() for p in model.parameters())
    assert found.parameters - found.body == model.get_input_embeddings().weight.numel()


def test_an_mbert_opens(tiny_bert):
    found = look(tiny_bert)
    assert (found.model_type, found.layers) == ("bert", 2)
    assert found.notes == ()
    assert "path" not in found.as_dict() and json.dumps(found.as_dict())


def test_a_sentence_encoder_is_known_by_its_modules(copy):
    (copy / "modules.json").write_text("[]")
    assert look(copy).sentence_encoder


def test_a_task_head_is_noted(copy):
    change(copy, architectures=["XLMRobertaForSequenceClassification"])
    (note,) = look(copy).notes
    assert "XLMRobertaForSequenceClassification" in note and "dropped" in note


def test_remote_code_is_noted_and_never_run(copy, tmp_path):
    ran = tmp_path / "ran"
    code = f"open({str(ran)!r}, 'w')\nclass Model: pass\nclass Config: pass\n"
    (copy / "evil.py").write_text(code)
    change(copy, auto_map={"AutoModel": "evil.Model", "AutoConfig": "evil.Config"})
    change(copy, "tokenizer_config.json", auto_map={"AutoTokenizer": [None, "evil.Model"]})
    (note,) = look(copy).notes
    assert "auto_map" in note and "ignored" in note
    assert not ran.exists()


def test_sharded_weights_open_as_the_same_model(copy, tiny):
    before = look(tiny)
    shard(copy, 3)
    found = look(copy)
    assert (found.parameters, found.body) == (before.parameters, before.body)
    assert found.fingerprint != before.fingerprint


# -- weights ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["pytorch_model.bin", "pytorch_model.bin.index.json"])
def test_a_pickle_is_refused_with_the_way_out(copy, name):
    (copy / "model.safetensors").unlink()
    (copy / name).write_bytes(b"\x80\x04cos\nsystem\n")
    said = refusal(copy)
    assert "pickle" in said and "convert" in said and "save_pretrained" in said


def test_a_pickle_beside_good_weights_is_left_alone(copy):
    before = look(copy)
    (copy / "pytorch_model.bin").write_bytes(b"\x80\x04cos\nsystem\n")
    assert look(copy) == before


def test_missing_weights_are_said(copy):
    (copy / "model.safetensors").unlink()
    assert "no weights (model.safetensors missing)" in refusal(copy)


@pytest.mark.parametrize("cut", [1, 1000])
def test_truncated_weights_are_refused(copy, cut):
    path = copy / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-cut])
    said = refusal(copy)
    assert "model.safetensors: " in said and "header says" in said and "copy it again" in said


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"abc",
        b"<html>not found</html>",
        (2**63).to_bytes(8, "little") + b"{}",
        (1 << 40).to_bytes(8, "little") + b"{}",
        (0).to_bytes(8, "little"),
        *(
            len(header).to_bytes(8, "little") + header
            for header in (
                b"no json at all",
                b"\xff\xfe{}",
                b"[1, 2]",
                b'{"a": 1}',
                b'{"a": {"shape": [1]}}',
                b'{"a": {"shape": 1, "data_offsets": [0, 4]}}',
                b'{"a": {"shape": ["x"], "data_offsets": [0, 4]}}',
                b'{"a": {"shape": [1], "data_offsets": []}}',
                b'{"a": {"shape": [1e999], "data_offsets": [0, 4]}}',
                b'{"a": {"shape": [1], "data_offsets": [0, "4"]}}',
                b'{"a": ' + b"[" * 100_000,
            )
        ),
    ],
    ids=range(17),
)
def test_what_is_no_safetensors_file_is_refused(copy, content):
    (copy / "model.safetensors").write_bytes(content)
    assert "model.safetensors: " in refusal(copy)


def test_a_huge_header_is_not_read(copy, monkeypatch):
    monkeypatch.setattr(files, "MAX_HEADER", 100)
    assert "no safetensors file (header of" in refusal(copy)


def test_a_missing_shard_is_named(copy):
    files = shard(copy)
    files[1].unlink()
    assert "no weights (model-00002-of-00002.safetensors missing)" in refusal(copy)


@pytest.mark.parametrize(
    "name", ["../{}", "{absolute}", "sub/{}", "..", "evil.bin", "pytorch_model.bin", 7]
)
def test_an_index_that_leads_elsewhere_is_refused(copy, name):
    shard(copy)
    outside = copy.parent / "outside.safetensors"
    shutil.copy(copy / "model-00001-of-00002.safetensors", outside)
    (copy / "sub").mkdir()
    shutil.copy(outside, copy / "sub")
    shutil.copy(outside, copy / "evil.bin")
    path = copy / "model.safetensors.index.json"
    index = json.loads(path.read_text())
    first = next(iter(index["weight_map"]))
    wanted = name.format(outside.name, absolute=outside) if isinstance(name, str) else name
    index["weight_map"][first] = wanted
    path.write_text(json.dumps(index))
    said = refusal(copy)
    assert "model.safetensors.index.json: " in said and "names no weight file of the folder" in said


@pytest.mark.parametrize("index", [[], {}, {"weight_map": []}, {"weight_map": {}}, 1])
def test_an_index_without_a_map_is_refused(copy, index):
    shard(copy)
    (copy / "model.safetensors.index.json").write_text(json.dumps(index))
    assert "model.safetensors.index.json" in refusal(copy)


def test_whole_weights_win_over_an_index(copy):
    """As in transformers: the file that is loaded is the file that is looked at."""
    whole = (copy / "model.safetensors").read_bytes()
    shard(copy)
    sharded = look(copy).fingerprint
    (copy / "model.safetensors").write_bytes(whole)
    assert look(copy).fingerprint != sharded
    for path in copy.glob("model-*"):
        path.unlink()
    assert look(copy).parameters


# -- config ----------------------------------------------------------------------------------------


def test_a_folder_that_is_no_checkpoint_is_refused(tmp_path):
    assert "no config.json" in refusal(tmp_path)


def test_a_broken_config_names_file_and_line(copy):
    path = copy / "config.json"
    path.write_bytes(path.read_bytes()[:50])
    assert f"{path}:" in refusal(copy)


@pytest.mark.parametrize("value", [[], "text", {}, {"model_type": None}, {"model_type": ["bert"]}])
def test_a_config_without_model_type_is_refused(copy, value):
    (copy / "config.json").write_text(json.dumps(value))
    assert "config.json: no model_type" in refusal(copy)


def test_an_unknown_family_is_refused(copy):
    change(copy, model_type="my-own-encoder")
    said = refusal(copy)
    assert "'my-own-encoder' is not known to transformers" in said and "never run" in said


@pytest.mark.parametrize("values", [{"vocab_size": 5}, {"hidden_size": 48}])
def test_config_and_weights_of_two_models_are_refused(copy, values):
    change(copy, **values)
    assert "not of one model" in refusal(copy)


@pytest.mark.parametrize("value", ["two", [], -1, 2.5])
@pytest.mark.parametrize("name", ["num_hidden_layers", "vocab_size", "hidden_size"])
def test_a_config_whose_numbers_are_none_is_refused(copy, name, value):
    change(copy, **{name: value})
    assert f"config.json: {name} is {value!r}, no whole number" in refusal(copy)


def test_a_config_that_leads_to_other_weights_is_refused(copy):
    shutil.copy(copy / "model.safetensors", copy / "other.safetensors")
    change(copy, transformers_weights="other.safetensors")
    assert "transformers_weights" in refusal(copy)


# -- tokenizer -------------------------------------------------------------------------------------


def test_a_missing_tokenizer_is_said(copy):
    (copy / "tokenizer.json").unlink()
    assert "no tokenizer that transformers can load" in refusal(copy)


@pytest.mark.parametrize("content", [b"", b"{}", b'{"model": {"type": "Unigram"', b"\xff\xff"])
def test_a_broken_tokenizer_is_said(copy, content):
    (copy / "tokenizer.json").write_bytes(content)
    assert "tokenizer" in refusal(copy)


def test_the_tokenizer_of_another_model_is_refused(copy, tiny_bert):
    for path in tiny_bert.glob("*token*"):
        shutil.copy(path, copy)
    assert "the tokenizer does not belong to this model" in refusal(copy)


def test_another_tokenizer_of_the_same_size_is_known_by_its_padding(copy):
    change(copy, "tokenizer_config.json", pad_token="<mask>")
    said = refusal(copy)
    assert "the tokenizer pads with id" in said and "does not belong" in said


def test_more_pieces_than_rows_are_refused(copy):
    path = copy / "tokenizer.json"
    value = json.loads(path.read_text("utf-8"))
    value["model"]["vocab"].append(["one-piece-too-many", -9.0])
    path.write_text(json.dumps(value), "utf-8")
    assert "does not belong to this model" in refusal(copy)


def test_far_fewer_pieces_than_rows_are_refused(copy, monkeypatch):
    path = copy / "tokenizer.json"
    value = json.loads(path.read_text("utf-8"))
    value["model"]["vocab"].pop()
    path.write_text(json.dumps(value), "utf-8")
    assert look(copy)  # rows to spare are usual
    monkeypatch.setattr(structure, "SPARE_ROWS", 0)
    assert "does not belong to this model" in refusal(copy)


# -- fingerprint -----------------------------------------------------------------------------------


def test_the_fingerprint_covers_weights_config_and_tokenizer(copy):
    prints = {look(copy).fingerprint}
    for name in ("model.safetensors", "config.json", "tokenizer.json", "tokenizer_config.json"):
        path = copy / name
        raw = path.read_bytes()
        if name == "model.safetensors":
            path.write_bytes(raw[:-1] + bytes([raw[-1] ^ 1]))
        else:
            path.write_bytes(raw + b"\n")
        prints.add(look(copy).fingerprint)
        path.write_bytes(raw)
    assert len(prints) == 5


def test_the_fingerprint_covers_every_shard(copy):
    prints = set()
    for path in shard(copy):
        prints.add(look(copy).fingerprint)
        raw = path.read_bytes()
        path.write_bytes(raw[:-1] + bytes([raw[-1] ^ 1]))
    assert len(prints | {look(copy).fingerprint}) == 3


def test_the_fingerprint_is_of_the_content_alone(copy, tiny):
    (copy / "README.md").write_text("words")
    (copy / "training_args.bin").write_bytes(b"pickle")
    assert look(copy).fingerprint == look(tiny).fingerprint
    assert look(copy).name == "copy"


# -- where it is not -------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["./nowhere", "a/b/c", "/no/such/folder", "two words", "../x"])
def test_what_is_neither_folder_nor_hub_id_is_said(tmp_path, monkeypatch, where):
    monkeypatch.chdir(tmp_path)
    assert "no such folder (and no hub id" in refusal(where)


@pytest.mark.parametrize("offline", [True, False])
@pytest.mark.parametrize("where", ["owner/no-such-model", "no-such-model", "owner/model@v1"])
def test_a_hub_id_that_cannot_be_had_is_one_line(tmp_path, monkeypatch, where, offline):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    with pytest.raises(HarnessError) as caught:
        open_checkpoint(where, offline=offline)
    text = str(caught.value)
    assert text.startswith(f"{where}: no such folder, and not to be had from the hub")
    assert "\n" not in text and ("--offline" in text) == offline


def test_only_harmless_files_are_asked_of_the_hub(tmp_path, monkeypatch, tiny):
    import huggingface_hub

    asked = {}

    def fetch(repo, **options):
        asked.update(options, repo=repo)
        return str(tiny)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", fetch)
    found = open_checkpoint("owner/model@abc123", offline=False)
    assert found.name == "owner/model@abc123" and found.path == tiny
    assert (asked["repo"], asked["revision"]) == ("owner/model", "abc123")
    assert not asked["local_files_only"]
    assert not [p for p in asked["allow_patterns"] if p.endswith((".bin", ".py", ".pt", "*"))]


def test_padding_is_on_the_right_whatever_the_checkpoint_says(tiny: Path, tmp_path: Path) -> None:
    left = Path(shutil.copytree(tiny, tmp_path / "left"))
    path = left / "tokenizer_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"padding_side": "left"}))
    tokenizer = load_tokenizer(left)
    batch = tokenizer(["river", "a much longer sentence about a river"], padding=True)
    assert batch["attention_mask"][0][0] == 1
    assert batch["attention_mask"][0][-1] == 0


def test_config_and_weights_of_different_depth(tiny: Path, tmp_path: Path) -> None:
    short = Path(shutil.copytree(tiny, tmp_path / "short"))
    path = short / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"num_hidden_layers": 1}))
    with pytest.raises(HarnessError, match="says 1 layers, the weights have 2"):
        open_checkpoint(str(short), offline=True)
