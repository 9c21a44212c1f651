using Microsoft.Extensions.Logging;

namespace Bioproxy.Abstractions;

/// <summary>What the host offers a plugin. Import it in a constructor marked <c>[ImportingConstructor]</c>.</summary>
public interface IPluginHost
{
    /// <summary>The plugin's name: that of its folder, or of its file when it is a single DLL.</summary>
    string PluginName { get; }

    /// <summary>A logger whose lines carry the plugin's name. Never log a prompt at Information or above.</summary>
    ILogger Logger { get; }

    /// <summary>The clock; tests replace it.</summary>
    TimeProvider TimeProvider { get; }

    /// <summary>The configured triggers and their templates.</summary>
    ITemplateLibrary Templates { get; }
}
