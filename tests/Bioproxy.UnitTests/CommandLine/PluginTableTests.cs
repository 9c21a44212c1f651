using Bioproxy.Host.Admin;
using Bioproxy.Host.CommandLine;
using Bioproxy.Host.Plugins;

namespace Bioproxy.UnitTests.CommandLine;

public sealed class PluginTableTests
{
    [Fact]
    public void List_ShortAndLongCells_LineUp()
    {
        PluginStatus[] plugins =
        [
            new()
            {
                Name = "Rag", Path = "p/Rag", Version = "1.0.0-beta", State = PluginState.Active,
                Exports = ["transform: rag (order 0, /rag)", "life cycle"], Calls = 12345, Errors = 1,
                Problem = "What is in its folder now cannot be used.", Notes = ["Its own copy is ignored.", "Another note."],
                LastError = new PluginError(new DateTimeOffset(2030, 1, 5, 1, 2, 3, TimeSpan.Zero), "rag", "it failed"),
            },
            new() { Name = "Longer.Name", Path = "p/Longer.Name", State = PluginState.NotSupported, Problem = "It is built for API 9." },
        ];

        Assert.Equal(
            [
                "name         version     state          exports                          calls  errors",
                "Rag          1.0.0-beta  active         transform: rag (order 0, /rag)  12,345       1",
                "                                        life cycle",
                "Longer.Name  -           not_supported  -                                    0       0",
                "",
                "Rag: problem          What is in its folder now cannot be used.",
                "Rag: note             Its own copy is ignored.",
                "Rag: note             Another note.",
                "Rag: last error       2030-01-05 01:02:03 +00:00 rag: it failed",
                "Longer.Name: problem  It is built for API 9.",
            ],
            List(plugins));
    }

    [Fact]
    public void List_NoPlugins_SaysSo() => Assert.Equal(["There are no plugins."], List());

    private static string[] List(params PluginStatus[] plugins)
    {
        using var document = System.Text.Json.JsonDocument.Parse(AdminJson.Document(json => PluginView.WriteAll(json, plugins)));
        return Printed.Lines(PluginTable.List(document.RootElement));
    }
}
