namespace Bioproxy.Abstractions;

/// <summary>A distribution of values.</summary>
public interface IPluginHistogram
{
    /// <summary>Adds a value. Does nothing once the plugin is unloaded.</summary>
    /// <param name="value">The value, in the unit that the name ends with.</param>
    void Record(double value);
}
