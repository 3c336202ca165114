"""Upload weights and cards to a Hugging Face Hub repository, and pin what was uploaded.

    python -m training.publish --repo OWNER/NAME [--only ID ...] [--private]

One commit holds the weight files at the repository's root, cards/<id>.md and a README.md that
lists the models. Then the Hub is asked what it holds at that commit, and only if the sha256 is ours
do repository, revision and sha256 go into weights/manifest.toml. Unchanged files make no commit:
running it again pins the same revision. The token comes from HF_TOKEN or `hf auth login`;
HF_ENDPOINT names another Hub.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from huggingface_hub import (
    CommitOperationAdd,
    HfApi,
    constants,
    get_hf_file_metadata,
    hf_hub_url,
)

from core import __version__, registry
from core.registry import ManifestError, ModelSpec
from training import manifest
from training.register import read


class PublishError(RuntimeError):
    """Nothing was pinned. The message says why."""


def publish(
    folder: Path, repo_id: str, only: Sequence[str] | None = None, *, private: bool = False
) -> str:
    """Upload the models of `folder` (all, or those in `only`); return the commit's 40-hex id.

    Raises PublishError when a file or card is missing or is not what the manifest says, or when the
    Hub ends up with other bytes; huggingface_hub's errors when it refuses. The manifest is written
    last, so it never names a revision that lacks the files.
    """
    specs = read(folder)
    chosen = _chosen(folder, specs, only)
    endpoint = os.environ.get("HF_ENDPOINT") or constants.ENDPOINT
    api = HfApi(endpoint=endpoint, library_name="encore", library_version=__version__)
    api.create_repo(repo_id, private=private, exist_ok=True)
    there = [spec for spec in specs.values() if spec.repo_id == repo_id and spec not in chosen]
    commit = api.create_commit(
        repo_id,
        _operations(folder, chosen, readme(sorted([*chosen, *there], key=lambda s: s.id))),
        commit_message=f"Weights and cards of {', '.join(spec.id for spec in chosen)}",
    )
    for spec in chosen:
        url = hf_hub_url(repo_id, spec.file, revision=commit.oid, endpoint=endpoint)
        found = get_hf_file_metadata(url, endpoint=endpoint)
        if found.commit_hash != commit.oid or found.etag != spec.sha256:
            raise PublishError(f"the Hub holds another {spec.file}; the manifest is as it was")
        specs[spec.id] = replace(spec, repo_id=repo_id, revision=commit.oid, sha256=found.etag)
    manifest.write(folder, specs.values())
    return commit.oid


def readme(specs: Sequence[ModelSpec]) -> str:
    """The repository's model card: which models it holds, each with its licence and card."""
    licences = sorted({spec.licence.lower() for spec in specs})
    head = ["---", "library_name: keras", "tags: [music, audio]"]
    head.append(f"license: {licences[0]}" if len(licences) == 1 else "license: other")
    rows = [
        f"| [{spec.id}](cards/{spec.id}.md) | {spec.job} | `{spec.file}` | {spec.licence} |"
        for spec in specs
    ]
    body = [
        "# Encore: models",
        "",
        "Keras weights of Encore's music models. Its loader pins each file's commit and sha256.",
        "",
        "| Model | Job | File | Licence |",
        "| --- | --- | --- | --- |",
        *rows,
    ]
    return "\n".join([*head, "---", "", *body, ""])


def _chosen(
    folder: Path, specs: dict[str, ModelSpec], only: Sequence[str] | None
) -> list[ModelSpec]:
    unknown = sorted(set(only or ()) - specs.keys())
    if unknown:
        raise PublishError(f"{unknown[0]} is not in the manifest; there are {sorted(specs)}")
    chosen = [spec for spec in specs.values() if only is None or spec.id in only]
    if not chosen:
        raise PublishError("the manifest has no model to publish")
    for spec in chosen:
        if not spec.matches(folder / spec.file):
            raise PublishError(
                f"{spec.file} is not the file in the manifest: run training.register first"
            )
        if not _card(folder, spec).is_file():
            raise PublishError(f"{spec.id} has no card: write cards/{spec.id}.md first")
    return chosen


def _card(folder: Path, spec: ModelSpec) -> Path:
    return folder / "cards" / f"{spec.id}.md"


def _operations(
    folder: Path, specs: Sequence[ModelSpec], readme_text: str
) -> list[CommitOperationAdd]:
    files = [
        (name, path)
        for spec in specs
        for name, path in (
            (spec.file, folder / spec.file),
            (f"cards/{spec.id}.md", _card(folder, spec)),
        )
    ]
    operations = [CommitOperationAdd(name, path) for name, path in files]
    return [*operations, CommitOperationAdd("README.md", readme_text.encode())]


def main() -> None:
    """The command line above."""
    parser = argparse.ArgumentParser(description="Upload weights and cards to the Hub.")
    parser.add_argument("--repo", required=True, metavar="OWNER/NAME")
    parser.add_argument("--only", nargs="+", metavar="ID", help="these models and no others")
    parser.add_argument("--private", action="store_true", help="if the repository is created")
    args = parser.parse_args()
    try:
        revision = publish(registry.weights_dir(), args.repo, args.only, private=args.private)
    except (ManifestError, PublishError) as error:
        parser.exit(1, f"publish: {error}\n")
    print(f"{args.repo} at {revision}")


if __name__ == "__main__":
    main()
