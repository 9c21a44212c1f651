using System.Security.Cryptography;
using System.Text;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Templates;

namespace Bioproxy.Host.Cluster;

/// <summary>What the proxies of a cluster have to agree on, as one number. Nothing of it can be read back.</summary>
internal static class ConfigurationHash
{
    public static string Of(ProxyOptions options, TemplateLibrary templates)
    {
        var text = new StringBuilder();
        foreach (var backend in options.AllBackends.Where(static backend => !backend.IsPooled)) // each machine has a pool of its own
            text.Append($"backend {backend.Name} {backend.Url} {backend.Kind}\n");
        foreach (var model in options.Models)
            text.Append($"model {model.Name} {string.Join(',', model.Aliases)} {string.Join(',', model.Use)}\n");
        foreach (var template in templates.Statuses.OrderBy(static template => template.Trigger, StringComparer.Ordinal))
            text.Append($"prefix {template.Trigger} {template.ContentHash}\n");
        foreach (var key in options.ApiKeys)
            text.Append($"key {key}\n");
        text.Append(
            $"kv {options.KvEnabled} {options.KvSave} {options.KvMinTokens} {options.KvMaxBytes} {options.KvMaxSnapshots} "
            + $"{options.KvDomainHeader} {options.DefaultModel}");
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())))[..12];
    }
}
