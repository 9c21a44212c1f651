namespace Bioproxy.Abstractions;

/// <summary>A counter.</summary>
public interface IPluginCounter
{
    /// <summary>Adds to the counter. Does nothing once the plugin is unloaded.</summary>
    /// <param name="value">0 or more.</param>
    void Add(long value = 1);
}
