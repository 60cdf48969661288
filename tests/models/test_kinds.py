"""Checkpoints of many families: what opens, what is refused or skipped before any work."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support import families

from harness.errors import HarnessError
from harness.formats import MaskedLM, MultipleChoice, SentencePair, SpanExtraction, TokenTagging
from harness.formats.words import pieces_of_words
from harness.models import ability, checkpoint_files
from harness.models import tokenizer as tokenizers
from harness.models.checkpoint import Checkpoint, open_checkpoint
from harness.models.device import choose_device
from harness.models.model import load_encoder
from harness.models.tokenizer import load_tokenizer

pytestmark = pytest.mark.usefixtures("libraries")

PAIR = SentencePair(labels=("no", "yes"))

Evaluate = Callable[..., tuple[int, str, str]]


def look(path: Path) -> Checkpoint:
    return open_checkpoint(str(path), offline=True)


def refusal(path: Path) -> str:
    with pytest.raises(HarnessError) as caught:
        look(path)
    text = str(caught.value)
    assert "\n" not in text and text.startswith(str(path)) and len(text) < 700
    return text


# -- understood through the library ----------------------------------------------------------------


def test_a_bert_with_the_tokenizer_of_xlm_r_opens(tmp_path: Path) -> None:
    """As intfloat/multilingual-e5-small is published: padding id 0, the tokenizer pads with 1."""
    found = look(families.bert(tmp_path / "minilm", families.pieces_like_xlmr(), pad_token_id=0))
    assert (found.model_type, found.positions) == ("bert", 130)


@pytest.mark.parametrize("pad", [0, 5, None])
def test_the_padding_id_is_nothing_to_a_bert(tmp_path: Path, pad: int | None) -> None:
    assert look(families.bert(tmp_path / "bert", pad_token_id=pad)).layers == 2


@pytest.mark.parametrize("pad", [0, 4])
def test_the_padding_id_matters_where_positions_are_numbered_by_it(
    tmp_path: Path, pad: int
) -> None:
    path = families.xlmr(tmp_path / "xlmr")
    assert look(path).positions == 128  # 130 less those up to the padding id
    families.edit(path / "config.json", pad_token_id=pad)
    assert "numbers positions by it" in refusal(path)


@pytest.mark.parametrize(
    ("make", "width"),
    [(families.albert, 8), (families.electra, 10), (families.distilbert, 20), (families.xlmr, 20)],
)
def test_sizes_are_those_of_the_tensors(tmp_path: Path, make, width: int) -> None:
    from safetensors.torch import load_file

    found = look(make(tmp_path / "model"))
    weights = load_file(found.path / "model.safetensors")
    (table,) = [w for n, w in weights.items() if n.endswith("word_embeddings.weight")]
    assert table.shape[1] == width
    assert found.parameters == sum(w.numel() for w in weights.values())
    assert found.body == found.parameters - table.numel() > 0
    assert found.layers == 2


@pytest.mark.parametrize("make", [families.sentencepiece_only, families.vocabulary_and_merges])
def test_transformers_decides_which_tokenizer_files_serve(tmp_path: Path, make) -> None:
    path = make(tmp_path / "model")
    assert not (path / "tokenizer.json").exists()
    assert look(path).layers == 2
    assert load_tokenizer(path)("The old mill")["input_ids"]


def test_a_sentencepiece_model_without_sentencepiece_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import importlib.util

    import transformers

    path = families.sentencepiece_only(tmp_path / "model")
    monkeypatch.setattr(tokenizers, "_loaded", {})  # another test may have loaded the same files

    def fail(*_: object, **__: object) -> None:
        raise ValueError("Couldn't instantiate the backend tokenizer\nfrom one of: …")

    monkeypatch.setattr(transformers.AutoTokenizer, "from_pretrained", fail)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert refusal(path).endswith("pip install sentencepiece")


@pytest.mark.parametrize("whole", [True, False])
def test_an_encoder_with_a_decoder_is_refused(tmp_path: Path, whole: bool) -> None:
    assert "an encoder and a decoder of mt5" in refusal(families.mt5(tmp_path / "m", whole=whole))


@pytest.mark.parametrize(
    ("prefix", "mark"),
    [("_orig_mod.", "torch.compile"), ("module.", "DDP"), ("model.", ""), ("a.b.c.", "")],
)
def test_a_prefix_of_all_names_is_told(tmp_path: Path, prefix: str, mark: str) -> None:
    path = families.rename(families.bert(tmp_path / "m"), lambda name: f"{prefix}{name}")
    said = refusal(path)
    assert f"begin with {prefix!r}" in said and mark in said and "removeprefix" in said


def test_the_remedy_for_a_prefix_is_one(tmp_path: Path) -> None:
    path = families.rename(families.xlmr(tmp_path / "m"), lambda name: f"_orig_mod.{name}")
    code = refusal(path).partition("rename them: ")[2]
    subprocess.run([sys.executable, "-c", code], cwd=path, check=True)
    assert look(path).layers == 2


def test_old_names_of_layer_norms_are_the_same_weights(tmp_path: Path) -> None:
    """As bert-base was uploaded first: gamma and beta."""
    import torch

    from harness.models.model import read_encoder

    new = families.bert(tmp_path / "new")
    old = Path(shutil.copytree(new, tmp_path / "old"))
    names = {"LayerNorm.weight": "LayerNorm.gamma", "LayerNorm.bias": "LayerNorm.beta"}

    def change(name: str) -> str:
        for now, then in names.items():
            name = name.replace(now, then)
        return name

    families.rename(old, change)
    assert look(old).parameters == look(new).parameters
    for one, other in zip(
        read_encoder(new).parameters(), read_encoder(old).parameters(), strict=True
    ):
        assert torch.equal(one, other)


def embedded(path: Path) -> list[list[float]]:
    model = load_encoder(look(path), "last", choose_device("cpu", "fp32", 1))
    found = model.embed(families.texts()[:20], 48)
    assert model.tokenizer("The old mill by the river", add_special_tokens=False)["input_ids"]
    return found.tolist()


def test_truncation_and_padding_baked_into_a_tokenizer_change_nothing(tmp_path: Path) -> None:
    plain = families.xlmr(tmp_path / "plain")
    baked = Path(shutil.copytree(plain, tmp_path / "baked"))
    value = json.loads((baked / "tokenizer.json").read_text())
    value["truncation"] = {
        "direction": "Right", "max_length": 6, "strategy": "LongestFirst", "stride": 0,
    }  # fmt: skip
    value["padding"] = {
        "strategy": {"Fixed": 6}, "direction": "Right", "pad_to_multiple_of": None,
        "pad_id": 1, "pad_type_id": 0, "pad_token": "<pad>",
    }  # fmt: skip
    (baked / "tokenizer.json").write_text(json.dumps(value))
    assert embedded(baked) == embedded(plain)
    sentences = [text.split() for text in families.texts()[:20]]
    one, other = (pieces_of_words(sentences, load_tokenizer(p), 40) for p in (plain, baked))
    assert one == other


def test_weights_without_metadata_and_with_buffers_are_the_same(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    plain = families.xlmr(tmp_path / "plain")
    bare = Path(shutil.copytree(plain, tmp_path / "bare"))
    weights = load_file(bare / "model.safetensors")
    weights["roberta.embeddings.position_ids"] = torch.arange(130)[None]
    save_file(weights, bare / "model.safetensors")
    assert embedded(bare) == embedded(plain)


def test_spare_rows_and_no_padding_id_open(tmp_path: Path) -> None:
    """As ixambert and dbmdz's: some thousand rows more than pieces."""
    tokenizer = families.pieces_like_bert()
    path = families.bert(
        tmp_path / "m", tokenizer, vocab_size=len(tokenizer) + 1000, pad_token_id=None
    )
    assert len(embedded(path)) == 20


@pytest.mark.parametrize(
    "values",
    [
        {"hidden_act": "../x"},
        {"hidden_act": 7},
        {"experts_implementation": "[None]"},
        {"layer_norm_eps": "small"},
        {"num_attention_heads": 3},
        {"num_attention_heads": 0},
        {"max_position_embeddings": -4},
        {"num_labels": "many"},
    ],
    ids=str,
)
def test_values_that_transformers_rejects_are_one_line(tmp_path: Path, values: dict) -> None:
    path = families.xlmr(tmp_path / "m")
    families.edit(path / "config.json", **values)
    assert refusal(path)


def test_a_bert_tokenizer_on_a_model_of_one_token_type_gives_none(tmp_path: Path) -> None:
    found = look(families.one_type(tmp_path / "m"))
    assert found.unread == ("token_type_ids",)
    assert any("token_type_ids" in note for note in found.notes)
    tokenizer = load_tokenizer(found.path, found.unread)
    assert "token_type_ids" not in tokenizer("a", "b")
    assert look(families.distilbert(tmp_path / "d")).unread == ()


def test_a_tokenizer_is_loaded_once_a_process(tmp_path: Path) -> None:
    """A checkpoint that was trained here has its parent's files: the store holds many such."""
    path = families.bert(tmp_path / "m")
    copy = Path(shutil.copytree(path, tmp_path / "copy"))
    (copy / "step.json").write_text("{}")
    (copy / "README.md").write_text("words")
    first = load_tokenizer(path)
    assert load_tokenizer(copy) is first
    assert load_tokenizer(path, ("token_type_ids",)) is not first
    families.edit(copy / "tokenizer_config.json", mask_token="[UNK]")
    assert load_tokenizer(copy) is not first


def test_trainings_and_predictions_of_a_process_share_one_tokenizer(
    tiny: Path, run: Evaluate, quickest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trained checkpoints have files of their own: two trainings, three tasks, one tokenizer."""
    from harness.models import tokenizer

    monkeypatch.setattr(tokenizer, "_loaded", {})
    reads: list[Path] = []
    read = tokenizer._read
    monkeypatch.setattr(
        tokenizer, "_read", lambda *words: [reads.append(words[0]), read(*words)][1]
    )
    words = ("--benchmark", "mini", "--tasks", "pawsx,xnli,tatoeba", "--languages", "en,de")
    output = ("--store", tmp_path / "store", "--output", tmp_path / "out")
    code, _, err = run("eval", tiny, *words, "--recipe", quickest, *output)
    assert code == 0, err
    assert reads == [tiny]


@pytest.mark.parametrize("missing", ["pad_token"])
def test_without_a_padding_token_nothing_is_begun(tmp_path: Path, missing: str) -> None:
    path = families.modernbert(tmp_path / "m", families.pieces_of_bytes((missing,)))
    assert "no padding token" in refusal(path) and "pad_token" in refusal(path)


# -- what a checkpoint cannot do -------------------------------------------------------------------


class Kept:
    """A memory of one run."""

    def __init__(self) -> None:
        self.facts: dict[str, object] = {}
        self.recall, self.keep = self.facts.get, self.facts.__setitem__


def test_heads_that_a_family_lacks_are_known(tmp_path: Path) -> None:
    found, memory = look(families.eurobert(tmp_path / "m")), Kept()
    tags = TokenTagging(labels=("A", "B"))
    assert ability.lacking(found, PAIR, memory) == ability.lacking(found, tags, memory) == ""
    for form in (SpanExtraction(), MultipleChoice(labels=("0", "1"))):
        said = ability.lacking(found, form, memory)
        assert said == f"transformers has no {form.head.auto} for eurobert"
    before = dict(memory.facts)
    assert ability.lacking(found, SpanExtraction(), memory) and memory.facts == before


def test_a_mask_is_needed_for_masked_language_modelling_alone(tmp_path: Path) -> None:
    tokenizer = families.pieces_of_bytes(("mask_token",))
    found = look(families.modernbert(tmp_path / "m", tokenizer))
    assert "no mask_token" in ability.lacking(found, MaskedLM(), Kept())
    assert ability.lacking(found, PAIR, Kept()) == ""


@pytest.mark.parametrize(("length", "fits"), [(128, True), (129, False)])
def test_an_input_of_the_greatest_length_goes_through(
    tmp_path: Path, length: int, fits: bool
) -> None:
    found = look(families.xlmr(tmp_path / "m"))
    assert (ability.unreadable(found, length, Kept()) == "") == fits


@pytest.mark.parametrize(("length", "fits"), [(200, True), (2**20, False)])
def test_no_endless_input_is_tried(tmp_path: Path, length: int, fits: bool) -> None:
    """Rotary positions have no table; the config says how many were trained."""
    found = look(families.modernbert(tmp_path / "m"))
    assert found.positions == 0
    said = ability.unreadable(found, length, Kept())
    assert said == ("" if fits else "its config says 256 positions")


# -- adapters, fingerprints ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "gone", [(), ("adapter_model.safetensors",), ("config.json", "model.safetensors")]
)
def test_an_adapter_is_refused_with_the_way_out(tmp_path: Path, gone: tuple[str, ...]) -> None:
    path = families.adapter(tmp_path / "m")
    for name in gone:
        (path / name).unlink()
    assert "merge it first" in refusal(path) and "merge_and_unload" in refusal(path)


@pytest.mark.parametrize("name", ["adapter_model.bin", "adapter_config.json"])
def test_any_file_of_an_adapter_is_enough(tmp_path: Path, name: str) -> None:
    path = families.xlmr(tmp_path / "m")
    (path / name).write_text("{}")
    assert "merge it first" in refusal(path)


OPENED = """
import json, os, sys
seen = {folder: set() for folder in sys.argv[1:]}
def watch(event, args):
    if event == "open" and isinstance(args[0], (str, os.PathLike)):
        path = os.path.abspath(os.fspath(args[0]))
        for folder, names in seen.items():
            if path.startswith(folder + os.sep):
                names.add(os.path.relpath(path, folder))
import transformers
sys.addaudithook(watch)
for folder in seen:
    transformers.AutoTokenizer.from_pretrained(folder)
    transformers.AutoModel.from_pretrained(folder)
print(json.dumps({folder: sorted(names) for folder, names in seen.items()}))
"""
OF_MANY_FILES = {
    "xlmr": families.xlmr,
    "sentencepiece": families.sentencepiece_only,
    "merges": families.vocabulary_and_merges,
    "sentences": lambda path: families.sentence_encoder(path, {"pooling_mode": "cls"}, dense=True),
}


@pytest.fixture(scope="module")
def opened_files(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, list[str]]:
    """Folders of the checkpoints of many files, and what transformers opens in each."""
    above = tmp_path_factory.mktemp("opened").resolve()
    for name, make in OF_MANY_FILES.items():
        path = make(above / name)
        (path / "special_tokens_map.json").write_text("{}")
        (path / "added_tokens.json").write_text("{}")
        (path / "chat_template.jinja").write_text("{{ messages }}")
    words = [sys.executable, "-c", OPENED, *(str(above / name) for name in OF_MANY_FILES)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    return {Path(folder): names for folder, names in json.loads(done.stdout).items()}


@pytest.mark.slow
@pytest.mark.parametrize("kind", OF_MANY_FILES)
def test_every_file_that_transformers_opens_is_in_the_fingerprint(
    kind: str, opened_files: dict[Path, list[str]]
) -> None:
    ((path, names),) = [found for found in opened_files.items() if found[0].name == kind]
    opened = set(names) - {"generation_config.json"}
    assert "config.json" in opened and len(opened) >= 3
    opened |= {"model.safetensors", "modules.json", "1_Pooling/config.json", "2_Dense/config.json"}
    for name in sorted(name for name in opened if (path / name).is_file()):
        whole = checkpoint_files.fingerprint(path)
        raw = (path / name).read_bytes()
        (path / name).write_bytes(raw[:-1] + bytes([raw[-1] ^ 1]))
        try:
            assert checkpoint_files.fingerprint(path) != whole, name
        except HarnessError:
            assert name == "modules.json"  # broken by the change, and said
        (path / name).write_bytes(raw)


def test_documents_and_other_frameworks_are_not_in_the_fingerprint(tmp_path: Path) -> None:
    path = families.xlmr(tmp_path / "m")
    whole = look(path).fingerprint
    for name in ("README.md", "tf_model.h5", "training_args.bin", "harness.json", ".gitattributes"):
        (path / name).write_text("{}")
    (path / "sub").mkdir()
    (path / "sub" / "config.json").write_text("{}")
    assert look(path).fingerprint == whole


@pytest.mark.parametrize(
    ("said", "pooling"),
    [
        ({"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}, "cls"),
        ({"pooling_mode_mean_tokens": True, "pooling_mode_max_tokens": True}, "mean+max"),
        ({"pooling_mode": "lasttoken", "embedding_dimension": 20}, "lasttoken"),
        ({"include_prompt": True}, ""),
    ],
)
def test_what_a_sentence_encoder_says_of_pooling_is_known(
    tmp_path: Path, said: dict, pooling: str
) -> None:
    found = look(families.sentence_encoder(tmp_path / "m", said, dense=True))
    assert (found.pooling, found.dense) == (pooling, ("2_Dense",))
    assert look(families.xlmr(tmp_path / "x")).pooling == ""


@pytest.mark.parametrize("place", ["../x", "/etc", "..", "a/b", 7])
def test_modules_that_lead_elsewhere_are_refused(tmp_path: Path, place: object) -> None:
    path = families.xlmr(tmp_path / "m")
    (path / "modules.json").write_text(json.dumps([{"path": place, "type": "x.Pooling"}]))
    with pytest.raises(HarnessError, match="no module of the folder"):
        look(path)


# -- whole evaluations -----------------------------------------------------------------------------

ALL = "xnli,panx,xquad,tatoeba,bucc2018"


@pytest.fixture
def evaluate(run: Evaluate, quickest: Path, tmp_path: Path) -> Evaluate:
    """``harness eval`` of a checkpoint on some mini tasks: exit code, output, errors."""

    def call(path: Path, *words: object, tasks: str = ALL, recipe: Path = quickest) -> tuple:
        languages = "de" if tasks == "tatoeba" else "de,en"
        return run(
            "eval", path, "--benchmark", "mini", "--tasks", tasks, "--languages", languages,
            "--limit", 6, "--threads", 1, "--recipe", recipe, "--store", tmp_path / "store",
            "--output", tmp_path / "out", "--device", "cpu", "--offline", *words,
        )  # fmt: skip

    return call


@pytest.mark.slow
@pytest.mark.parametrize(
    "make",
    [
        lambda path: families.bert(path, families.pieces_like_xlmr(), pad_token_id=0),
        families.albert,
        families.one_type,
        families.distilbert,
        families.sentencepiece_only,
        lambda path: families.modernbert(path, families.pieces_of_bytes(("unk_token",))),
    ],
    ids=["minilm", "albert", "one type", "distilbert", "deberta", "modernbert without unknown"],
)
def test_what_opens_is_evaluated_to_the_end(make, evaluate: Evaluate, tmp_path: Path) -> None:
    code, _, err = evaluate(make(tmp_path / "ck"))
    assert code == 0, err
    submission = json.loads((tmp_path / "out/submission.json").read_text())
    tasks = json.loads((tmp_path / "out/scores.json").read_text())["tasks"]
    assert list(tasks) == ["xnli", "panx", "xquad", "bucc2018", "tatoeba"]
    assert all(task["score"] is not None for task in tasks.values())
    assert submission["model"]["parameters_body"] > 0


def test_tasks_without_a_head_are_skipped_and_said(evaluate: Evaluate, tmp_path: Path) -> None:
    path = families.eurobert(tmp_path / "ck")
    said = "skipped: xquad: ck cannot do span extraction: transformers has no"
    code, out, _ = evaluate(path, "--dry-run")
    assert code == 0 and said in out
    code, out, err = evaluate(path)
    assert code == 0 and said in out, err
    tasks = json.loads((tmp_path / "out/scores.json").read_text())["tasks"]
    assert sorted(tasks) == ["bucc2018", "panx", "tatoeba", "xnli"]
    code, _, err = evaluate(path, tasks="xquad")
    assert code == 2 and err.count("error: nothing to evaluate: xquad") == 1


def test_pooling_by_the_first_token_is_used_or_said(
    evaluate: Evaluate, quickest: Path, tmp_path: Path
) -> None:
    path = families.sentence_encoder(tmp_path / "ck", {"pooling_mode_cls_token": True}, dense=True)
    _, out, err = evaluate(path, tasks="tatoeba")
    assert "note: ck: mean-pooled; its 1_Pooling says cls" in out, err
    assert "left out: 2_Dense" in out
    manifest = json.loads((tmp_path / "out/manifest.json").read_text())
    assert any("mean-pooled" in note for note in manifest["notes"])
    mean = (tmp_path / "out/predictions/tatoeba/test-de.tsv").read_text()
    recipe = tmp_path / "cls.toml"
    recipe.write_text(quickest.read_text() + 'pooling = "cls"\n')
    code, out, _ = evaluate(path, tasks="tatoeba", recipe=recipe)
    assert "mean-pooled" not in out and code == 0
    assert (tmp_path / "out/predictions/tatoeba/test-de.tsv").read_text() != mean
    first = (tmp_path / "out/predictions/tatoeba/test-de.tsv").read_text()
    recipe.write_text(quickest.read_text() + 'pooling = "own"\n')
    code, _, err = evaluate(path, tasks="tatoeba", recipe=recipe)
    assert (
        code == 2
        and err.count("\n") == 1
        and "1_Pooling/config.json: no word_embedding_dimension" in err
    )
    listed = json.loads((path / "modules.json").read_text())
    (path / "modules.json").write_text(json.dumps(listed[:2]))
    config = {"pooling_mode": "cls", "embedding_dimension": 20}
    (path / "1_Pooling/config.json").write_text(json.dumps(config))
    code, out, err = evaluate(path, tasks="tatoeba", recipe=recipe)
    assert code == 0 and "pooled" not in out, err
    assert (tmp_path / "out/predictions/tatoeba/test-de.tsv").read_text() == first
    recipe.write_text(quickest.read_text() + 'pooling = "max"\n')
    assert "expected one of auto, mean, cls" in evaluate(path, recipe=recipe)[2]


def infinite(path: Path, text: str) -> Path:
    """XLM-R with an infinite row in its word table, of the last piece of a text."""
    from safetensors.torch import load_file, save_file

    families.xlmr(path)
    row = load_tokenizer(path)(text, add_special_tokens=False)["input_ids"][-1]
    weights = load_file(path / "model.safetensors")
    weights["roberta.embeddings.word_embeddings.weight"][row] = float("inf")
    save_file(weights, path / "model.safetensors", metadata={"format": "pt"})
    return path


def test_no_number_comes_out_of_what_is_not_finite(evaluate: Evaluate, tmp_path: Path) -> None:
    """A letter that German test rows have and English ones do not."""
    code, _, err = evaluate(infinite(tmp_path / "ck", "ä"))
    assert code == 1 and "Traceback" not in err, err
    for name in ("xnli", "panx", "xquad", "tatoeba", "bucc2018"):
        (line,) = [x for x in err.splitlines() if x.startswith(f"failed: predict {name} de")]
        assert f"{name} de, row " in line and "not finite" in line
        assert not (tmp_path / f"out/predictions/{name}/test-de.tsv").exists()
    submission = json.loads((tmp_path / "out/submission.json").read_text())
    assert "incomplete, 5 steps failed" in submission["partial"]
    tasks = json.loads((tmp_path / "out/scores.json").read_text())["tasks"]
    assert list(submission["claims"]["xnli"]) == ["en"] and "tatoeba" not in submission["claims"]
    assert list(tasks["xnli"]["languages"]) == ["en"] and not tasks["xnli"]["complete"]
    assert tasks["tatoeba"]["score"] is None
    assert tasks["tatoeba"]["missing"]["de"] == "failed"  # why may name files of this machine
    assert (tmp_path / "out/predictions/xnli/test-en.tsv").is_file()
