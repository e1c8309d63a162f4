"""Writes index.faiss beside docstore.jsonl, with a vector of the model for each of its lines."""

import json
import os
import sys

import faiss
import numpy
from openai import OpenAI

folder, address, model = sys.argv[1:]
with open(os.path.join(folder, "docstore.jsonl"), encoding="utf-8") as lines:
    texts = [json.loads(line)["page_content"] for line in lines]
answer = OpenAI(base_url=address, api_key="fake").embeddings.create(model=model, input=texts)
vectors = numpy.array([item.embedding for item in answer.data], dtype="float32")
index = faiss.IndexFlatL2(vectors.shape[1])
index.add(vectors)
faiss.write_index(index, os.path.join(folder, "index.faiss"))
