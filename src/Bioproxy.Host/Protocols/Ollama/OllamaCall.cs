namespace Bioproxy.Host.Protocols.Ollama;

/// <summary>The calls of Ollama's API.</summary>
internal enum OllamaCall
{
    Chat,
    Generate,
    Embed,

    /// <summary>The older form of <see cref="Embed"/>: one text, one vector.</summary>
    Embeddings,

    /// <summary>The list of models.</summary>
    Tags,

    /// <summary>What is known of one model.</summary>
    Show,

    /// <summary>The models that are loaded.</summary>
    Running,
    Version,

    /// <summary>Whether a server is there.</summary>
    Heartbeat,

    /// <summary>Managing models (pull, push, create, copy, delete): the backends do that.</summary>
    Manage,
}
