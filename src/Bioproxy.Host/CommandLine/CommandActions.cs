using Bioproxy.Host.Configuration;

namespace Bioproxy.Host.CommandLine;

/// <summary>What the commands do; each returns its exit code.</summary>
/// <param name="Run">No command: the proxy.</param>
/// <param name="Check"><c>check</c>.</param>
/// <param name="Doctor"><c>doctor</c>.</param>
/// <param name="Kv"><c>kv …</c>.</param>
/// <param name="Plugins"><c>plugins …</c>.</param>
/// <param name="Misses"><c>misses</c>, with the number of misses to list.</param>
internal sealed record CommandActions(
    Func<ConfigurationInput, CancellationToken, Task<int>> Run,
    Func<ConfigurationInput, BackendChoice, CancellationToken, Task<int>> Check,
    Func<ConfigurationInput, BackendChoice, CancellationToken, Task<int>> Doctor,
    Func<ConfigurationInput, KvRequest, CancellationToken, Task<int>> Kv,
    Func<ConfigurationInput, PluginsRequest, CancellationToken, Task<int>> Plugins,
    Func<ConfigurationInput, int, CancellationToken, Task<int>> Misses);
