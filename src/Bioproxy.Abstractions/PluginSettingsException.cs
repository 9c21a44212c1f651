namespace Bioproxy.Abstractions;

/// <summary>Settings that a plugin cannot work with, said in words for the person who wrote them.</summary>
public sealed class PluginSettingsException : Exception
{
    /// <summary>A mistake in the settings.</summary>
    /// <param name="message">The key, what is wrong with it and how to mend it.</param>
    public PluginSettingsException(string message) : base(message)
    {
    }

    /// <summary>A mistake with its cause.</summary>
    /// <param name="message">The key, what is wrong with it and how to mend it.</param>
    /// <param name="innerException">The cause.</param>
    public PluginSettingsException(string message, Exception innerException) : base(message, innerException)
    {
    }
}
