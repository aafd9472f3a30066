// What anybody may read: help, the accessibility statement, the notice on personal data.
import { html, mailto } from '../core.js';
import { INSTITUTE_SITE } from '../contact.js';

const help = () => html`
  <h2 id="ingresar">No puedo ingresar</h2>
  <ul>
    <li>Si no te acordás de la contraseña, <a href="/recuperar">pedí una nueva</a>. El enlace que te llega vale una hora.</li>
    <li>Si todavía no activaste la cuenta, buscá el correo que te mandamos al registrarte, también en correo no deseado. Al ingresar te ofrecemos mandarte otro.</li>
    <li>Después de varios intentos fallidos hay que esperar: te decimos cuánto. Recuperar la contraseña sirve siempre.</li>
  </ul>
  <h2>Vincular una empresa</h2>
  <ol>
    <li>Entrá a <a href="/comprobantes">Mis comprobantes</a> si sos cliente, o a <a href="/retenciones">Mis retenciones</a> si sos proveedor.</li>
    <li>Apretá «Vincular con Cliente/Proveedor».</li>
    <li>Elegí Cliente o Proveedor y completá el CUIT y el número de cliente o proveedor, que figura en los comprobantes del INTI.</li>
    <li>Si te pedimos un código, lo recibe el correo que la empresa tiene registrado en el INTI. Escribilo en <a href="/vincular">Pedidos de vinculación</a>.</li>
  </ol>
  <p>Si sos cliente y proveedor, con una misma cuenta te vinculás de las dos formas.</p>
  <h2>Descargar comprobantes y retenciones</h2>
  <p>En la lista de la empresa buscá por número, tipo, estado o importe, y apretá Descargar. Si un documento dice «Sin PDF», todavía no nos llegó: escribinos.</p>
  <h2>Recibí un correo que no esperaba</h2>
  <p>Cada correo dice qué pasó y qué hacer si no fuiste vos. Nunca te pedimos la contraseña por correo. Si tenés dudas, no sigas los enlaces: entrá a esta página escribiendo la dirección.</p>
  <h2>Escribinos</h2>
  <p>${mailto()}. Contanos tu nombre, la empresa y su CUIT. No mandes contraseñas ni códigos. También podés buscar otros medios de contacto en <a href=${INSTITUTE_SITE} rel="noopener">www.inti.gob.ar</a>.</p>
  <p>Si encontraste una falla de seguridad, contanos por ese mismo correo con el asunto «Seguridad».</p>`;

const accessibility = () => html`
  <p>Queremos que cualquier persona pueda usar miINTI. Trabajamos según las Pautas de Accesibilidad para el Contenido Web <strong>WCAG 2.2, nivel AA</strong>, como pide la Ley 26.653.</p>
  <h2>Qué podés hacer</h2>
  <ul>
    <li>Recorrer todo con el teclado. El primer Tab te ofrece ir directo al contenido.</li>
    <li>Usar un lector de pantalla: los títulos, los campos, los errores y los cambios se anuncian.</li>
    <li>Agrandar la página hasta 400 % o usarla en un teléfono sin desplazarte hacia los costados.</li>
    <li>Elegir colores claros u oscuros desde el menú de tu cuenta, o los de tu sistema. No usamos el color solo para informar.</li>
    <li>Pegar contraseñas y usar un gestor de contraseñas.</li>
    <li>Seguir conectado: te avisamos dos minutos antes de cerrar la sesión.</li>
  </ul>
  <h2>Qué falta</h2>
  <ul>
    <li>Los documentos PDF vienen de los sistemas de facturación y pueden no tener etiquetas para lectores de pantalla.</li>
    <li>Las pruebas automáticas no reemplazan a las personas: faltan pruebas con usuarios de lectores de pantalla.</li>
  </ul>
  <h2>Si algo no te funciona</h2>
  <p>Escribinos a ${mailto()} y contanos en qué página y con qué programa. También te mandamos tus comprobantes en otro formato si lo necesitás.</p>
  <p class="hint">Declaración preparada el 24/11/2026, a partir de una evaluación propia con herramientas automáticas y revisión manual.</p>`;

const privacy = () => html`
  <p>El Instituto Nacional de Tecnología Industrial (INTI) es responsable de los datos personales que usa este portal, según la <strong>Ley 25.326 de Protección de los Datos Personales</strong>.</p>
  <h2>Qué datos y para qué</h2>
  <ul>
    <li><strong>Tu nombre, apellido y correo</strong>, para identificarte, avisarte de lo que pasa en tu cuenta y saber quién ve los documentos de cada empresa.</li>
    <li><strong>Tu contraseña</strong>, que guardamos de forma que nadie pueda leerla.</li>
    <li><strong>Tus sesiones</strong>: fecha y programa con que entraste, para que puedas controlarlas y cerrarlas.</li>
    <li><strong>Las empresas que vinculás</strong> y los documentos que el INTI les emitió.</li>
  </ul>
  <p>Dar tus datos es voluntario, pero sin ellos no podemos darte una cuenta. No los usamos para publicidad ni los cedemos, salvo que una ley nos obligue. La empresa que vinculás recibe un aviso con tu nombre y tu correo.</p>
  <h2>Cuánto tiempo</h2>
  <p>Mientras tengas la cuenta. Al eliminarla se borran tus datos, tus sesiones y tus vínculos. Los comprobantes son de la empresa y se conservan el tiempo que fijan las normas contables e impositivas.</p>
  <h2>Tus derechos</h2>
  <p>Podés ver y corregir tus datos, cambiar tu correo o eliminar tu cuenta en <a href="/mis-datos">Mis datos</a>. También podés pedirlo por escrito a ${mailto()}: el acceso es gratuito una vez cada seis meses, salvo que acredites un interés legítimo, y respondemos en 10 días corridos; las correcciones, en 5 días hábiles.</p>
  <p>La AGENCIA DE ACCESO A LA INFORMACIÓN PÚBLICA, en su carácter de Órgano de Control de la Ley N° 25.326, tiene la atribución de atender las denuncias y reclamos que interpongan quienes resulten afectados en sus derechos por incumplimiento de las normas vigentes en materia de protección de datos personales.</p>
  <h2>En tu navegador</h2>
  <p>Usamos una sola cookie, la que mantiene tu sesión, y recordamos los colores que elegiste. No hay cookies de terceros ni mediciones.</p>`;

const PAGES = {
  '/ayuda': ['Ayuda', help],
  '/accesibilidad': ['Accesibilidad', accessibility],
  '/privacidad': ['Privacidad', privacy],
};

export default function create({ path }) {
  const [title, content] = PAGES[path];
  return { title, content: () => html`<article class="prose"><h1>${title}</h1>${content()}</article>` };
}
