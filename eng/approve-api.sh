#!/usr/bin/env bash
# Writes src/*/PublicApi.approved.txt from the built packages. Read the diff before you commit it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
dotnet build tests/Resilience.House.Tests -c Release --nologo -v q -nr:false
RESILIENCE_APPROVE_API=1 dotnet test tests/Resilience.House.Tests -c Release --no-build --nologo -v q --filter FullyQualifiedName~The_public_surface
git --no-pager diff --stat -- 'src/*/PublicApi.approved.txt'
