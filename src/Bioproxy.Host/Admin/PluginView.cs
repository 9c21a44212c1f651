using System.Text.Json;
using Bioproxy.Host.Plugins;

namespace Bioproxy.Host.Admin;

/// <summary>The state of plugins, as JSON.</summary>
internal static class PluginView
{
    /// <summary>The member <c>plugins</c> of a document.</summary>
    public static void WriteAll(Utf8JsonWriter writer, IEnumerable<PluginStatus> plugins) =>
        writer.WriteObjects("plugins", plugins, plugin => Write(writer, plugin));

    private static void Write(Utf8JsonWriter writer, PluginStatus plugin)
    {
        writer.WriteString("name", plugin.Name);
        writer.WriteString("version", plugin.Version);
        writer.WriteString("api", plugin.Api);
        writer.WriteString("state", AdminJson.Name(plugin.State));
        writer.WriteString("path", plugin.Path);
        writer.WriteStrings("exports", plugin.Exports);
        writer.WriteStrings("commands", plugin.Commands);
        writer.WriteString("problem", plugin.Problem);
        writer.WriteStrings("notes", plugin.Notes);
        writer.WriteTimeOrNull("loaded_at", plugin.LoadedAt);
        writer.WriteNumber("calls", plugin.Calls);
        writer.WriteNumber("errors", plugin.Errors);
        if (plugin.LastError is not { } error)
        {
            writer.WriteNull("last_error");
            return;
        }

        writer.WriteStartObject("last_error");
        writer.WriteString("at", error.At);
        writer.WriteString("export", error.Export);
        writer.WriteString("message", error.Message);
        writer.WriteEndObject();
    }
}
