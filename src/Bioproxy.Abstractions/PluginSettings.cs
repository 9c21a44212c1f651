using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Bioproxy.Abstractions;

/// <summary>Turns a plugin's settings into an object.</summary>
public static class PluginSettings
{
    /// <summary>Reads <see cref="IPluginServices.Settings"/> with source-generated metadata: reflection would keep the plugin from being
    /// unloaded.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="type">The metadata, as in <c>MyJson.Default.MySettings</c>. With
    /// <c>[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]</c> on the type, a misspelt key is an error that names it. Give
    /// its properties <c>set</c>, not <c>init</c>: with source-generated metadata an <c>init</c> property loses its default if its key is
    /// missing.</param>
    /// <typeparam name="T">The type of the settings.</typeparam>
    /// <returns>The settings, with the type's own defaults for missing keys.</returns>
    /// <exception cref="PluginSettingsException">The settings do not fit the type; the message names the key. Thrown in a constructor, it
    /// becomes the plugin's status.</exception>
    public static T Read<T>(this IPluginServices services, JsonTypeInfo<T> type)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(services);
        var root = $"plugins.{services.PluginName}";
        try
        {
            return JsonSerializer.Deserialize(services.Settings.Span, type)
                ?? throw new PluginSettingsException($"{root} is null: it must be an object.");
        }
        catch (JsonException e)
        {
            var key = e.Path is { Length: > 1 } path && path.StartsWith("$.", StringComparison.Ordinal) ? $"{root}.{path[2..]}" : root;
            throw new PluginSettingsException($"{key} in the configuration cannot be used: {e.Message.Split(" Path: ")[0]}", e);
        }
    }
}
