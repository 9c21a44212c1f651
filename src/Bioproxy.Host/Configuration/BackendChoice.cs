namespace Bioproxy.Host.Configuration;

/// <summary>The backends that a command examines.</summary>
/// <param name="Name">The only one, by its name; null for all.</param>
/// <param name="Model">The only model of a server with several, which is loaded for it; null for those that are loaded.</param>
/// <param name="IsAddress">The command line gave the address of a server: that one alone.</param>
internal sealed record BackendChoice(string? Name = null, string? Model = null, bool IsAddress = false)
{
    /// <summary>The backends of a configuration that are meant, or why there are none.</summary>
    public (IReadOnlyList<BackendOptions> Backends, string? Problem) In(ProxyOptions options)
    {
        if (IsAddress)
            return ([options.DefaultBackend], null);
        var all = options.AllBackends;
        if (Name is null)
            return (all, null);
        return all.FirstOrDefault(backend => backend.Name == Name) is { } chosen
            ? ([chosen], null)
            : ([], $"There is no backend named '{Name}'. There {(all.Count == 1 ? "is" : "are")}: "
                + $"{string.Join(", ", all.Select(backend => backend.Name))}. "
                + "--backend takes one of these names, or the address of a server, e.g. http://localhost:8081.");
    }
}
