raise ImportError(
    "promptflow.azure manages flows in a workspace of Azure and has no place inside a flow that Flowstead runs."
)
