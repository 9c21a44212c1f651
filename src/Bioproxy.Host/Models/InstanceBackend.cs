using Bioproxy.Host.Backends;

namespace Bioproxy.Host.Models;

/// <summary>A backend as one model instance knows it: in one state, which ends when the backend's does.</summary>
internal sealed class InstanceBackend(Backend backend, BackendState state)
{
    public BackendState State => state;

    /// <summary>What the backend told; only of an instance with slots.</summary>
    public BackendFacts Facts => state.Facts!;

    /// <summary>The control calls; only of an instance with slots.</summary>
    public ISlotApi Api => backend.Driver.Slots!;

    /// <summary>It is a llama-server, or may be one: it reuses what it computed before, unless a request forbids it.</summary>
    public bool HasCache => backend.Driver.Slots is not null && state.Facts is null or { IsLlamaServer: true, IsRouter: false };

    /// <summary>The backend's state is still the one that this instance was made for.</summary>
    public bool IsCurrent => ReferenceEquals(backend.Monitor.State, state);

    /// <summary>Something contradicts what is known of this process: the instance is retired, and the backend is asked again.</summary>
    public void Suspect(string reason) => backend.Monitor.Suspect(state, reason);

    /// <summary>The backend did something just now.</summary>
    public void Touch() => backend.Monitor.Touch();

    /// <summary>To be awaited before a request that would wake a sleeping server.</summary>
    public ValueTask NoticeSleepAsync(CancellationToken cancellationToken) => backend.Monitor.NoticeSleepAsync(cancellationToken);

    /// <summary>Whether the process is still the same, as far as the backend tells.</summary>
    public Task<ProcessCheck> CheckProcessAsync(CancellationToken cancellationToken) =>
        backend.Monitor.CheckProcessAsync(state, cancellationToken);
}
