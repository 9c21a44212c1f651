namespace Bioproxy.Host.Configuration;

/// <summary>What kind of server a backend is.</summary>
internal enum BackendKind
{
    /// <summary>It is found out.</summary>
    Auto,

    /// <summary>A llama-server with one model.</summary>
    LlamaServer,

    Ollama,

    /// <summary>Any other server that speaks the OpenAI API.</summary>
    OpenAi,
}
