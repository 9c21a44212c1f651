using System.Collections.Frozen;

namespace Bioproxy.Host.Configuration;

/// <summary>One model of the pool. Exactly one of <see cref="Command"/> and <see cref="Hf"/> is set.</summary>
/// <param name="Name">The model's name: the name of its backend, of its log lines and of its slot folder.</param>
internal sealed record PoolModelOptions(string Name)
{
    /// <summary><c>command</c>, split into words: <c>~</c> is already replaced, <c>${port}</c> and <c>${slots}</c> are not.</summary>
    public IReadOnlyList<string>? Command { get; init; }

    /// <summary><c>hf</c>: a repository that llama-server downloads the model from (its option <c>-hf</c>).</summary>
    public string? Hf { get; init; }

    /// <summary><c>arguments</c>: further arguments, split into words like <see cref="Command"/>.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary><c>idle_unload_seconds</c>: a model that has been idle for this long is unloaded; zero = never.</summary>
    public TimeSpan IdleUnload { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary><c>preload</c>: the model is loaded when the proxy starts.</summary>
    public bool Preload { get; init; }

    /// <summary><c>env</c>: environment variables of the server, besides those of the proxy.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = FrozenDictionary<string, string>.Empty;

    /// <summary><c>memory</c>: what the loaded model needs, in bytes; null to estimate it from the model's file.</summary>
    public long? Memory { get; init; }

    /// <summary><c>gpu</c>: <c>auto</c>, a value for CUDA_VISIBLE_DEVICES, or null to leave the choice to the server.</summary>
    public string? Gpu { get; init; }

    /// <summary>The command line for a port and a slot folder.</summary>
    /// <param name="llamaServer">The program for a model that is given by <see cref="Hf"/>.</param>
    /// <param name="port">The port to listen on.</param>
    /// <param name="slots">The folder of saved slots.</param>
    public IReadOnlyList<string> CommandLine(string llamaServer, int port, string slots)
    {
        IReadOnlyList<string> words = Command ??
        [
            llamaServer, "-hf", Hf!, "--host", "127.0.0.1", "--port", CommandLineText.Port, "--slot-save-path", CommandLineText.Slots,
        ];
        return CommandLineText.Fill([.. words, .. Arguments], port, slots);
    }
}
