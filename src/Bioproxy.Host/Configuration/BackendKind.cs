namespace Bioproxy.Host.Configuration;

/// <summary>What kind of server a backend is.</summary>
internal enum BackendKind
{
    /// <summary>It is found out.</summary>
    Auto,

    /// <summary>A llama-server with one model.</summary>
    LlamaServer,

    /// <summary>A llama-server in router mode: several models under one address.</summary>
    Router,

    /// <summary>llama-swap: several models under one address.</summary>
    LlamaSwap,

    Ollama,

    /// <summary>Any other server that speaks the OpenAI API.</summary>
    OpenAi,
}
