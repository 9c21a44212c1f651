namespace Bioproxy.Doubles;

/// <summary>The kinds of memory a model can have; each keeps and loses a KV state in its own way.</summary>
internal enum TinyArchitecture
{
    /// <summary>Dense attention: a state can be cut anywhere.</summary>
    Llama,

    /// <summary>Sliding window (512 tokens) in half of the layers: a state can hardly be rolled back.</summary>
    Gemma3,

    /// <summary>Recurrent: a state can only be continued.</summary>
    Mamba,
}
