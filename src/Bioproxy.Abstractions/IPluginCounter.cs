namespace Bioproxy.Abstractions;

/// <summary>A number that only grows.</summary>
public interface IPluginCounter
{
    /// <summary>Adds to it. Does nothing once the plugin is unloaded.</summary>
    /// <param name="value">0 or more.</param>
    void Add(long value = 1);
}
