"""Asks GitHub how many stars a repository has and hands the number to the flow."""

import os
import sys

import requests
from kestra import Kestra

URL = os.environ.get("GITHUB_API_URL") or "https://api.github.com"
REPOSITORY = "kestra-io/kestra"


def main() -> None:
    headers = {"Accept": "application/vnd.github+json"}
    if token := os.environ.get("GITHUB_TOKEN"):
        headers["Authorization"] = f"Bearer {token}"
    address = f"{URL.rstrip('/')}/repos/{REPOSITORY}"
    try:
        answer = requests.get(address, headers=headers, timeout=30)
    except requests.RequestException as error:
        sys.exit(f"No answer from {address}: {error}. Is this machine online? GITHUB_API_URL asks another server.")
    if answer.status_code in (403, 429) and "rate limit" in answer.text.lower():
        sys.exit("GitHub does not answer any more for now (rate limit). Set GITHUB_TOKEN, or try again in an hour.")
    if not answer.ok:
        sys.exit(f"{address} answered {answer.status_code} {answer.reason}.")
    gh_stars = answer.json()["stargazers_count"]
    print(gh_stars)
    Kestra.outputs({"gh_stars": gh_stars})
    Kestra.counter("requests", 1, {"repository": REPOSITORY})


if __name__ == "__main__":
    main()
