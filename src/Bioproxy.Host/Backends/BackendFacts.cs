namespace Bioproxy.Host.Backends;

/// <summary>What a backend tells about itself.</summary>
internal sealed record BackendFacts
{
    /// <summary>False for a server that has no <c>/props</c>: still a backend, but nothing is known of its slots.</summary>
    public bool IsLlamaServer { get; init; }

    /// <summary>A server with several models, such as llama-server's router mode: the slots are those of its models, each of which is a
    /// backend of its own.</summary>
    public bool IsRouter { get; init; }

    public string? ModelPath { get; init; }

    /// <summary>What the server calls the model: llama-server uses the path of its file where <c>--alias</c> does not name it.</summary>
    public string? ModelAlias { get; init; }

    /// <summary>What clients call the model: its alias, or the name of its file without folder and <c>.gguf</c>; null where the server
    /// gives none.</summary>
    public string? Name => (ModelAlias ?? ModelPath) is not { Length: > 0 } name ? null
        : name.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) ? Path.GetFileNameWithoutExtension(name)
        : ModelAlias ?? Path.GetFileName(name);

    public string? ModelType { get; init; }
    public string? Build { get; init; }

    /// <summary>A hash of the chat template, which decides how prompts are rendered.</summary>
    public string? ChatTemplateHash { get; init; }

    /// <summary>The chat template itself.</summary>
    public string? ChatTemplate { get; init; }

    /// <summary>The model reads images.</summary>
    public bool SeesImages { get; init; }

    /// <summary>The chat template knows tools.</summary>
    public bool CallsTools { get; init; }

    /// <summary>An Ollama server: requests in its protocol pass untouched.</summary>
    public bool IsOllama { get; init; }

    /// <summary>A kind of server that manages its caches itself: no flag would give it slots.</summary>
    public bool IsSelfManaged { get; init; }

    public int? TotalSlots { get; init; }
    public int? ContextPerSlot { get; init; }

    /// <summary>Parameters, size, widths: the <c>meta</c> object of <c>/v1/models</c> without the context sizes, which depend on the
    /// number of slots and not on the model.</summary>
    public string? ModelMeta { get; init; }

    /// <summary>The members of <see cref="ModelMeta"/>, each value as the server wrote it.</summary>
    public IEnumerable<(string Name, string Value)> MetaMembers
    {
        get
        {
            foreach (var member in (ModelMeta ?? "").Split(','))
            {
                if (member.IndexOf('=', StringComparison.Ordinal) is var at and > 0)
                    yield return (member[..at], member[(at + 1)..]);
            }
        }
    }

    /// <summary>The adapters of <c>/lora-adapters</c> as they were sent.</summary>
    public string? Adapters { get; init; }

    /// <summary>A value that every server process draws at random (<c>media_marker</c>, measured on build 11669): as long as it is
    /// the same, so is the process. Null where a build has none.</summary>
    public string? ProcessMarker { get; init; }

    /// <summary>Whether <c>GET /slots</c> answers.</summary>
    public bool CanReadSlots { get; init; }

    /// <summary>Whether slots can be saved and restored.</summary>
    public bool CanSaveSlots { get; init; }

    /// <summary>What is missing for the whole service, as a sentence with the flag that gives it; null when nothing is.</summary>
    public string? Missing =>
        IsRouter || IsSelfManaged ? null
        : !IsLlamaServer ? "The backend is not a llama-server (it has no /props): requests are expanded and queued, "
            + "but no KV cache is kept."
        : !CanReadSlots ? "The backend does not show its slots: start llama-server without --no-slots; until then no KV cache is kept."
        : !CanSaveSlots ? "The backend cannot save slots: start llama-server with --slot-save-path FOLDER; "
            + "until then templates are kept warm only as long as a slot holds them."
        : null;

    /// <summary>Everything a KV state depends on that the backend tells, in one line. The weights themselves are told apart by the logit
    /// probe.</summary>
    public string Fingerprint => string.Join('|', ModelType, Build, ModelMeta, Adapters);
}
