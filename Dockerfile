# The course on a GPU machine. docs/container.md has the line that runs it.
# The base brings CUDA's user-space tools and the driver's hooks; BASE=python:3.12-bookworm makes a small image for the CPU.
ARG BASE=nvcr.io/nvidia/pytorch:25.11-py3
# hadolint ignore=DL3006
FROM ${BASE}

# libseccomp is what the sandbox asks for its filter. The base image decides the versions, so none is pinned here.
# hadolint ignore=DL3008
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends libseccomp2 make git python3-venv \
    && rm -rf /var/lib/apt/lists/*

# The environment lies outside the course's directory, over which the checkout is mounted.
WORKDIR /workspace/mechgrade
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY mechgrade ./mechgrade
# A virtual environment of its own: the base's torch is another version than the course's recorded numbers were made with.
# A base without CUDA takes torch's build for processors: the usual one brings gigabytes for GPUs.
RUN python3 -m venv /opt/venv \
    && if [ -z "$CUDA_VERSION$PIP_EXTRA_INDEX_URL" ]; then export PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu; fi \
    && /opt/venv/bin/python -m pip install --no-cache-dir -c constraints.txt -e '.[transformer-lens,kernel]'
ENV PATH=/opt/venv/bin:$PATH

COPY . .
RUN mechgrade setup-lab
CMD ["bash"]
