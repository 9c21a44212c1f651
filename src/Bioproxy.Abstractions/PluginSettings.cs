using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Bioproxy.Abstractions;

/// <summary>Turns a plugin's settings into an object.</summary>
public static class PluginSettings
{
    /// <summary>Reads <see cref="IPluginServices.Settings"/> by source-generated metadata: no reflection, so nothing that would keep the plugin from being unloaded.</summary>
    /// <param name="services">What the host gives.</param>
    /// <param name="type">The metadata, as in <c>MyJson.Default.MySettings</c>. Put <c>[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]</c>
    /// on the type, and a key that is spelt wrong is an error with its name. Give its properties <c>set</c>, not <c>init</c>: with source-generated metadata
    /// the default of an <c>init</c> property is lost where the configuration says nothing.</param>
    /// <typeparam name="T">The type of the settings.</typeparam>
    /// <returns>The settings; with the type's own defaults where the configuration says nothing.</returns>
    /// <exception cref="PluginSettingsException">They do not fit the type; the message names the key. Thrown in a constructor it becomes the plugin's status.</exception>
    public static T Read<T>(this IPluginServices services, JsonTypeInfo<T> type)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(services);
        var root = $"plugins.{services.PluginName}";
        try
        {
            return JsonSerializer.Deserialize(services.Settings.Span, type) ?? throw new PluginSettingsException($"{root} is null: it must be an object.");
        }
        catch (JsonException e)
        {
            var key = e.Path is { Length: > 1 } path && path.StartsWith("$.", StringComparison.Ordinal) ? $"{root}.{path[2..]}" : root;
            throw new PluginSettingsException($"{key} in the configuration cannot be used: {e.Message.Split(" Path: ")[0]}", e);
        }
    }
}
