namespace Bioproxy.Abstractions;

/// <summary>The contract as it may look one day.</summary>
public static class PluginApi
{
    public static int Version => 2;
}
