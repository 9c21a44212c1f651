using System.Text.Json;
using Bioproxy.Host.Plugins;

namespace Bioproxy.Host.Admin;

/// <summary>One plugin, as JSON.</summary>
internal static class PluginView
{
    public static void Write(Utf8JsonWriter writer, PluginStatus plugin)
    {
        writer.WriteString("name", plugin.Name);
        writer.WriteString("version", plugin.Version);
        writer.WriteString("state", AdminJson.Name(plugin.State));
        writer.WriteString("path", plugin.Path);
        writer.WriteStrings("exports", plugin.Exports);
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
