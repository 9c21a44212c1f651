namespace Bioproxy.Abstractions;

/// <summary>Settings that a plugin cannot use. The message is written for the person who configured it.</summary>
public sealed class PluginSettingsException : Exception
{
    /// <summary>A mistake in the settings.</summary>
    /// <param name="message">The key, what is wrong with it and how to fix it.</param>
    public PluginSettingsException(string message) : base(message)
    {
    }

    /// <summary>A mistake with its cause.</summary>
    /// <param name="message">The key, what is wrong with it and how to fix it.</param>
    /// <param name="innerException">The cause.</param>
    public PluginSettingsException(string message, Exception innerException) : base(message, innerException)
    {
    }
}
