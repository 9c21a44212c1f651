using Bioproxy.Abstractions;
using Microsoft.Extensions.Logging;

namespace Bioproxy.PluginTests.Rag;

/// <summary>Services with a given data folder: two runs of a plugin have the same.</summary>
internal sealed class SharedData(FakeServices services, string folder) : IPluginServices
{
    public string PluginName => services.PluginName;

    public ILogger Logger => services.Logger;

    public TimeProvider TimeProvider => services.TimeProvider;

    public ITemplateLibrary Templates => services.Templates;

    public ReadOnlyMemory<byte> Settings => services.Settings;

    public string DataFolder => folder;

    public HttpClient Http => services.Http;

    public IPluginMetrics Metrics => services.Metrics;

    public IPluginBackend Backend => services.Backend;
}
