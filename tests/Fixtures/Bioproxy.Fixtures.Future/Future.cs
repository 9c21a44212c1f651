using Bioproxy.Abstractions;

namespace Bioproxy.Fixtures.Future;

/// <summary>Uses the next contract.</summary>
public static class Future
{
    public static int Api => PluginApi.Version;
}
