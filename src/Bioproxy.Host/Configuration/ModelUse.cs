namespace Bioproxy.Host.Configuration;

/// <summary>One place where a model is served.</summary>
/// <param name="Backend">The backend's name.</param>
/// <param name="Model">The model's name there; null for a backend with one model.</param>
internal sealed record ModelUse(string Backend, string? Model)
{
    public override string ToString() => Model is null ? Backend : $"{Backend}/{Model}";
}
