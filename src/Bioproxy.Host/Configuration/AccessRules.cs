namespace Bioproxy.Host.Configuration;

/// <summary>Nobody opens a port to a network by mistake: neither at the start nor by a change of the configuration.</summary>
internal static class AccessRules
{
    /// <summary>Other machines may ask, and everybody would be let in without being meant to.</summary>
    public static bool IsOpenByMistake(ProxyOptions options) =>
        options.ApiKeys.Count == 0 && !options.AllowOpen && !ListenHost.IsOfThisMachine(options.ProxyHost);

    /// <summary>The same for the admin port.</summary>
    public static bool IsAdminOpenByMistake(ProxyOptions options) =>
        options.AdminKey is null && !ListenHost.IsOfThisMachine(options.AdminHost);

    /// <summary>Takes over other keys. The last one stays while the proxy listens where it must have one: where it listens changes with a
    /// restart only.</summary>
    public static ProxyOptions TakeKeys(ProxyOptions now, ProxyOptions next)
    {
        var taken = now with { ApiKeys = next.ApiKeys };
        return IsOpenByMistake(taken with { AllowOpen = next.AllowOpen }) ? now : taken;
    }

    /// <summary>The same for the admin port.</summary>
    public static ProxyOptions TakeAdminKey(ProxyOptions now, ProxyOptions next)
    {
        var taken = now with { AdminKey = next.AdminKey };
        return IsAdminOpenByMistake(taken) ? now : taken;
    }
}
