namespace Bioproxy.Host.Telemetry;

/// <summary>Where a request was served, as labels of metrics; empty for one that was served nowhere.</summary>
/// <param name="Backend">The backend's name.</param>
/// <param name="Model">The model's name there.</param>
internal readonly record struct ServingPlace(string? Backend, string? Model)
{
    public KeyValuePair<string, object?> BackendTag => new("backend", Backend ?? "");

    public KeyValuePair<string, object?> ModelTag => new("model", Model ?? "");
}
